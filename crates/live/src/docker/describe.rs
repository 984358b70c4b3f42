//! An image as a Dockerfile that says what the engine says of it, so that a finding has a line to point at.

use std::fmt::Write;

use bollard::models::ImageInspect;

/// A Dockerfile of an image, and what it is called. Variables are left out: their values may be secrets.
pub(super) fn dockerfile(name: &str, image: &ImageInspect) -> (String, String) {
    let config = image.config.clone().unwrap_or_default();
    let mut text = format!("# {name}, as the engine describes it\nFROM scratch\n");
    let mut say = |line: std::fmt::Arguments<'_>| _ = writeln!(text, "{line}");
    for port in config.exposed_ports.unwrap_or_default() {
        say(format_args!("EXPOSE {port}"));
    }
    for volume in config.volumes.unwrap_or_default() {
        say(format_args!("VOLUME {}", array(&[volume])));
    }
    if let Some(directory) = config.working_dir.filter(|d| !d.is_empty()) {
        say(format_args!("WORKDIR {directory}"));
    }
    if let Some(signal) = config.stop_signal.filter(|s| !s.is_empty()) {
        say(format_args!("STOPSIGNAL {signal}"));
    }
    let test = config.healthcheck.and_then(|h| h.test).unwrap_or_default();
    match test.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("CMD", rest)) => say(format_args!("HEALTHCHECK CMD {}", array(rest))),
        Some(("CMD-SHELL", [line])) => say(format_args!("HEALTHCHECK CMD {}", line.replace('\n', " "))),
        _ => {}
    }
    if let Some(user) = config.user.filter(|u| !u.is_empty()) {
        say(format_args!("USER {user}"));
    }
    for (keyword, words) in [("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)] {
        if let Some(words) = words.filter(|w| !w.is_empty()) {
            say(format_args!("{keyword} {}", array(&words)));
        }
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    (format!("{}.Dockerfile", name.chars().map(plain).collect::<String>()), text)
}

fn array(words: &[String]) -> String {
    serde_json::to_string(words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bollard::models::ImageConfig;

    use super::*;

    #[test]
    fn an_image_is_said_without_its_variables() {
        let config = ImageConfig {
            env: Some(vec!["TOKEN=hidden".to_owned()]),
            user: Some("101".to_owned()),
            exposed_ports: Some(vec!["80/tcp".to_owned()]),
            cmd: Some(vec!["nginx".to_owned(), "-g".to_owned(), "daemon off;".to_owned()]),
            ..ImageConfig::default()
        };
        let image = ImageInspect { config: Some(config), ..ImageInspect::default() };
        let (path, text) = dockerfile("registry:5000/web:1", &image);
        assert_eq!(path, "registry_5000_web_1.Dockerfile");
        assert_eq!(
            text,
            "# registry:5000/web:1, as the engine describes it\nFROM scratch\nEXPOSE 80/tcp\nUSER 101\nCMD [\"nginx\",\"-g\",\"daemon off;\"]\n"
        );
    }
}
