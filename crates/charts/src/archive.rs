//! Charts that are packed: a tar file within gzip, in memory.

use crate::error::Failure;

/// The largest that an archive may come to, in bytes.
const LARGEST: usize = 64 << 20;

/// The files of a packed chart with their paths, the folder around all of them taken off.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let body = gzip_body(bytes).ok_or_else(|| Failure::new("a packed chart that is no gzip file"))?;
    let tar =
        miniz_oxide::inflate::decompress_to_vec_with_limit(body, LARGEST).map_err(|e| match e.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
                Failure::bounded(format!("a packed chart comes to more than {} MiB", LARGEST >> 20))
            }
            _ => Failure::new("a packed chart that cannot be unpacked"),
        })?;
    let mut files = Vec::new();
    let mut at = 0;
    let mut long: Option<String> = None;
    while let Some(header) = tar.get(at..at + 512) {
        if header.iter().all(|b| *b == 0) {
            break;
        }
        let text = |range: std::ops::Range<usize>| {
            let field = &header[range];
            let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let size = usize::from_str_radix(text(124..136).trim(), 8)
            .map_err(|_| Failure::new("a packed chart with a broken header"))?;
        let data = tar
            .get(at + 512..(at + 512).saturating_add(size))
            .ok_or_else(|| Failure::new("a packed chart that ends too early"))?;
        at += 512 + size.div_ceil(512) * 512;
        match header[156] {
            b'L' => long = Some(String::from_utf8_lossy(data).trim_end_matches('\0').to_owned()),
            b'x' => long = extended_path(data).or(long),
            b'0' | 0 => {
                let mut name = text(0..100);
                let prefix = text(345..500);
                if &header[257..262] == b"ustar" && !prefix.is_empty() {
                    name = format!("{prefix}/{name}");
                }
                let name = long.take().unwrap_or(name);
                let name = name.strip_prefix("./").unwrap_or(&name);
                if let Some((_, path)) = name.split_once('/')
                    && !path.split('/').any(|part| part == "..")
                {
                    files.push((path.to_owned(), data.to_vec()));
                }
            }
            _ => long = None,
        }
    }
    Ok(files)
}

fn extended_path(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data);
    text.lines().find_map(|line| line.split_once(" path=").map(|(_, path)| path.to_owned()))
}

fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.get(..3)? != [0x1f, 0x8b, 8] {
        return None;
    }
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & 4 != 0 {
        let length = usize::from(*bytes.get(at)?) | usize::from(*bytes.get(at + 1)?) << 8;
        at += 2 + length;
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += bytes.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    bytes.get(at..)
}
