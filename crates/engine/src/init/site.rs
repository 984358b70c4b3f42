//! Pages that are there as they are, served by nginx.

use minijinja::context;

use super::{App, Detected, Look, Service};
use crate::template::render;

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let root = ["", "public", "site", "www", "html", "dist"].into_iter().find(|directory| {
        let index =
            if directory.is_empty() { "index.html".to_owned() } else { format!("{directory}/index.html") };
        look.has(&index)
    })?;
    let values = context! { root => if root.is_empty() { "." } else { root } };
    let dockerfile = match render(include_str!("templates/site.Dockerfile"), values) {
        Ok(text) => text,
        Err(error) => return Some(Err(error.to_string())),
    };
    Some(Ok(App {
        directory: look.directory.to_owned(),
        context: look.directory.to_owned(),
        what: "pages, served by nginx".to_owned(),
        dockerfile,
        ignore: vec!["node_modules", "*.md"],
        services: vec![Service { name: look.name(), port: Some(8080), ..Service::default() }],
        notes: Vec::new(),
    }
    .into()))
}
