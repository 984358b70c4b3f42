//! .NET: programs for the web and workers.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;

use super::{App, Detected, Found, Look, Service, bash_probe, is_aside, route, slug};
use crate::template::render;

/// The release of .NET where the project leaves it open: the long-term support of today.
const DOTNET: &str = "10.0";

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let mut projects: Vec<Utf8PathBuf> = look
        .below()
        .filter(|path| {
            path.extension() == Some("csproj") && path.components().count() <= 4 && !is_aside(path)
        })
        .collect();
    projects.sort();
    let marked = look.below().any(|path| {
        path.components().count() == 1
            && matches!(path.extension(), Some("sln" | "slnx" | "csproj" | "fsproj"))
    });
    if !marked {
        return None;
    }
    let runs: Vec<&Utf8PathBuf> = projects
        .iter()
        .filter(|path| look.text(path.as_str()).is_some_and(|text| kind(text).is_some()))
        .collect();
    if runs.is_empty() {
        return Some(Err("no project of it is a program (`Microsoft.NET.Sdk.Web`, `Microsoft.NET.Sdk.Worker` or an `OutputType` of `Exe`)".into()));
    }
    // A program for the console beside servers is a tool.
    let serves = |path: &&&Utf8PathBuf| {
        look.text(path.as_str()).and_then(kind).is_some_and(|kind| kind != Kind::Console)
    };
    let chosen: Vec<&Utf8PathBuf> = if runs.iter().any(|path| serves(&path)) {
        runs.iter().filter(serves).copied().collect()
    } else {
        runs
    };
    let apps: Result<Vec<App>, String> = chosen.iter().map(|path| app(look, path)).collect();
    Some(apps.map(|apps| Found { apps, ..Found::default() }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Web,
    Worker,
    Console,
}

/// What kind of program a project is; `None` for a library or tests.
fn kind(text: &str) -> Option<Kind> {
    if text.contains("Microsoft.NET.Test.Sdk") || text.contains("<IsTestProject>true") {
        None
    } else if text.contains("Sdk=\"Microsoft.NET.Sdk.Web\"") {
        Some(Kind::Web)
    } else if text.contains("Sdk=\"Microsoft.NET.Sdk.Worker\"") {
        Some(Kind::Worker)
    } else {
        text.to_lowercase().contains("<outputtype>exe").then_some(Kind::Console)
    }
}

fn app(look: &Look<'_>, project: &Utf8Path) -> Result<App, String> {
    let text = look.text(project.as_str()).unwrap_or_default();
    let kind = kind(text).unwrap_or(Kind::Console);
    let element = |tag: &str| Some(text.split_once(&format!("<{tag}>"))?.1.split_once("</")?.0.trim());
    // Where the project inherits it, the version stands beside the solution.
    let shared = || {
        let text = look.text("Directory.Build.props")?;
        Some(text.split_once("<TargetFramework>")?.1.split_once("</")?.0.trim())
    };
    let framework = element("TargetFramework").filter(|f| !f.contains('$')).or_else(shared);
    let version = match framework.map(|f| f.trim_start_matches("net").split('-').next().unwrap_or_default()) {
        Some(version)
            if version.split('.').next().is_some_and(|major| major.parse::<u32>().is_ok_and(|n| n >= 5)) =>
        {
            version
        }
        None => DOTNET,
        Some(_) => {
            return Err(format!(
                "{project} is for {}, of which there are no images to build on",
                framework.unwrap_or_default()
            ));
        }
    };
    let stem = project.file_stem().unwrap_or("app");
    let assembly = element("AssemblyName").filter(|name| !name.contains('$')).unwrap_or(stem);
    let home = project.parent().unwrap_or(Utf8Path::new(""));
    let sources: Vec<&str> = look
        .below()
        .filter(|path| path.extension() == Some("cs") && path.starts_with(home))
        .filter_map(|path| look.text(path.as_str()))
        .collect();
    let port = (kind == Kind::Web).then_some(8080_u16);
    let values = context! {
        version,
        project => project.as_str(),
        assembly,
        port,
        // The setting that releases before 8 do not know.
        ports => version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 8),
        runtime => if kind == Kind::Web { "aspnet" } else { "runtime" },
        health => port.map(|port| bash_probe(port, route(sources.iter().copied()))),
    };
    let dockerfile =
        render(include_str!("templates/dotnet.Dockerfile"), values).map_err(|e| e.to_string())?;
    let what = match kind {
        Kind::Web => "an ASP.NET Core application",
        Kind::Worker => "a .NET worker",
        Kind::Console => "a .NET program",
    };
    Ok(App {
        directory: look.join(home),
        context: look.directory.to_owned(),
        what: format!("{what} on .NET {version}, `{project}`"),
        dockerfile,
        ignore: vec!["**/bin", "**/obj", ".vs", "*.md"],
        services: vec![Service { name: slug(stem), port, ..Service::default() }],
        notes: Vec::new(),
    })
}
