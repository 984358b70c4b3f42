//! How large an image is, layer by layer, beside that of the other family.

use bollard::Docker;
use seaworthy_engine::measured::{Layer, Size};

use crate::error::Error;

/// How much of an instruction is shown.
const SHOWN: usize = 60;

/// Compares two images.
pub(super) async fn compare(docker: &Docker, image: &str, other: Option<&str>) -> Result<Size, Error> {
    let own = layers(docker, image).await?;
    let mut size = Size { bytes: own.iter().map(|l| l.1).sum(), ..Size::default() };
    let Some(other) = other else { return Ok(size) };
    let theirs = layers(docker, other).await?;
    other.clone_into(&mut size.other);
    size.other_bytes = theirs.iter().map(|l| l.1).sum();
    size.layers = merge(&own, &theirs);
    Ok(size)
}

/// The layers of an image that hold something, the lowest first.
async fn layers(docker: &Docker, image: &str) -> Result<Vec<(String, u64)>, Error> {
    let mut history = docker.image_history(image).await?;
    history.reverse();
    let layers = history.into_iter().filter(|l| l.size > 0);
    Ok(layers.map(|l| (instruction(&l.created_by), l.size.unsigned_abs())).collect())
}

/// An instruction as a Dockerfile says it, shortened. A layer tells who made it, never what a variable was.
fn instruction(created_by: &str) -> String {
    let text = created_by.split(" # buildkit").next().unwrap_or_default();
    let text = text.strip_prefix("/bin/sh -c #(nop) ").unwrap_or(text);
    let text = match text.split_once("/bin/sh -c ") {
        Some((before, line)) if before.is_empty() || before == "RUN " || before.starts_with('|') => {
            format!("RUN {line}")
        }
        _ => text.to_owned(),
    };
    let hide = |word: &str| match word.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => word.to_owned(),
    };
    let words: Vec<String> = text.split_whitespace().map(hide).collect();
    let text = words.join(" ");
    let short: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

/// Both lists as one, in their order: what is the same in both stands once.
fn merge(own: &[(String, u64)], other: &[(String, u64)]) -> Vec<Layer> {
    // The longest common run of instructions, by the table of their suffixes.
    let mut longest = vec![vec![0_u32; other.len() + 1]; own.len() + 1];
    for i in (0..own.len()).rev() {
        for j in (0..other.len()).rev() {
            longest[i][j] = if own[i] == other[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut merged) = (0, 0, Vec::new());
    while i < own.len() || j < other.len() {
        let same = i < own.len() && j < other.len() && own[i] == other[j];
        if same {
            merged.push(Layer { by: own[i].0.clone(), bytes: Some(own[i].1), other: Some(other[j].1) });
            (i, j) = (i + 1, j + 1);
        } else if j == other.len() || i < own.len() && longest[i + 1][j] >= longest[i][j + 1] {
            merged.push(Layer { by: own[i].0.clone(), bytes: Some(own[i].1), other: None });
            i += 1;
        } else {
            merged.push(Layer { by: other[j].0.clone(), bytes: None, other: Some(other[j].1) });
            j += 1;
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions() {
        let cases = [
            ("RUN /bin/sh -c pip install  x # buildkit", "RUN pip install x"),
            ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
            ("|1 TOKEN=hidden /bin/sh -c make", "RUN make"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("RUN /bin/sh -c TOKEN=hidden make # buildkit", "RUN TOKEN=… make"),
        ];
        for (written, shown) in cases {
            assert_eq!(instruction(written), shown);
        }
    }

    #[test]
    fn merging_keeps_the_order_of_both() {
        let list = |text: &str| text.split(' ').map(|w| (w.to_owned(), 1)).collect::<Vec<_>>();
        let merged = merge(&list("base a b d"), &list("base b c d"));
        let shown: Vec<(String, bool, bool)> =
            merged.into_iter().map(|l| (l.by, l.bytes.is_some(), l.other.is_some())).collect();
        let row = |by: &str, own, other| (by.to_owned(), own, other);
        assert_eq!(
            shown,
            [
                row("base", true, true),
                row("a", true, false),
                row("b", true, true),
                row("c", false, true),
                row("d", true, true)
            ]
        );
    }
}
