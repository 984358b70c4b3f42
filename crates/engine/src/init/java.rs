//! Java and Kotlin, built by Maven or Gradle: one jar that runs, or a folder of them.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;

use super::{App, Detected, Look, Service, bash_probe, is_aside, slug};
use crate::template::render;

/// The version of Java where the project leaves it open.
const JAVA: u32 = 21;

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let tool = if let Some(pom) = look.text("pom.xml") {
        maven(look, pom)
    } else {
        let build = look.text("build.gradle.kts").or_else(|| look.text("build.gradle"));
        let settings = look.text("settings.gradle.kts").or_else(|| look.text("settings.gradle"));
        build.or(settings)?;
        gradle(look, build.unwrap_or_default(), settings.unwrap_or_default())
    };
    Some(tool.and_then(|tool| app(look, &tool)).map(Into::into))
}

/// What a build tool makes and how.
struct Build {
    tool: &'static str,
    /// The image that builds.
    image: String,
    /// The lines that build what runs and put it into `/out`.
    lines: Vec<String>,
    cache: &'static str,
    java: u32,
    /// The module that runs; empty for the one at the top.
    module: Utf8PathBuf,
    what: &'static str,
    port: Option<u16>,
    route: Option<&'static str>,
    /// What `java` is given, with what is in `/out` at `/app`.
    runs: Vec<String>,
    notes: Vec<String>,
}

fn app(look: &Look<'_>, build: &Build) -> Result<App, String> {
    let name = build.module.file_name().map_or_else(|| look.name(), slug);
    let arguments = ["java", "-XX:MaxRAMPercentage=75"].into_iter().map(str::to_owned);
    let values = context! {
        image => build.image,
        lines => build.lines,
        cache => build.cache,
        java => build.java,
        port => build.port,
        health => build.port.map(|port| bash_probe(port, build.route)),
        command => arguments.chain(build.runs.iter().cloned()).collect::<Vec<_>>(),
    };
    let dockerfile = render(include_str!("templates/java.Dockerfile"), values).map_err(|e| e.to_string())?;
    let module =
        if build.module.as_str().is_empty() { String::new() } else { format!(", module `{}`", build.module) };
    Ok(App {
        directory: look.directory.to_owned(),
        context: look.directory.to_owned(),
        what: format!("{} on Java {}, built by {}{module}", build.what, build.java, build.tool),
        dockerfile,
        ignore: vec!["**/target", "**/build", ".gradle", ".idea", "*.md"],
        services: vec![Service { name, port: build.port, ..Service::default() }],
        notes: build.notes.clone(),
    })
}

/// What runs, of several modules; or why it cannot be told.
fn only(mut found: Vec<Utf8PathBuf>, none: &str) -> Result<Utf8PathBuf, String> {
    if found.len() > 1 {
        let usual = |path: &Utf8PathBuf| {
            let last = path.file_name().and_then(|name| name.rsplit(['-', '_']).next()).unwrap_or_default();
            matches!(
                last,
                "app" | "application" | "server" | "api" | "web" | "backend" | "service" | "bootstrap"
            )
        };
        if found.iter().filter(|path| usual(path)).count() == 1 {
            found.retain(usual);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(none.into()),
        several => {
            let names: Vec<&str> = several.iter().map(|path| path.as_str()).collect();
            Err(format!(
                "several modules run ({}): run this in the directory of one that builds by itself, or say in a Dockerfile which",
                names.join(", ")
            ))
        }
    }
}

/// The directories below whose `file` is there, deepest last.
fn modules(look: &Look<'_>, files: &[&str]) -> Vec<Utf8PathBuf> {
    let mut found: Vec<Utf8PathBuf> = look
        .below()
        .filter(|path| path.file_name().is_some_and(|name| files.contains(&name)) && !is_aside(path))
        .filter_map(|path| path.parent().map(Utf8Path::to_owned))
        .filter(|path| !path.as_str().is_empty())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn maven(look: &Look<'_>, pom: &str) -> Result<Build, String> {
    let plain = |text: &str| without(&without(text, "pluginManagement"), "dependencyManagement");
    let boots = |text: &str| plain(text).contains("spring-boot-maven-plugin");
    let runs = |text: &str| {
        boots(text) || text.contains("quarkus-maven-plugin") || plain(text).contains("<mainClass>")
    };
    let module = if element(pom, "module").is_some() {
        let all = modules(look, &["pom.xml"]);
        let text = |path: &Utf8PathBuf| look.text(path.join("pom.xml").as_str()).unwrap_or_default();
        let mut found: Vec<Utf8PathBuf> = all.iter().filter(|path| runs(text(path))).cloned().collect();
        if found.is_empty() && runs(pom) {
            // The plugin is inherited, so that a module of programs shows in its sources.
            let starts = |path: &Utf8PathBuf| {
                look.below().any(|file| {
                    file.starts_with(path)
                        && look
                            .text(file.as_str())
                            .is_some_and(|text| text.contains("@SpringBootApplication"))
                })
            };
            found = all.into_iter().filter(starts).collect();
        }
        found.retain(|path| element(text(path), "packaging") != Some("pom"));
        only(
            found,
            "none of its modules makes a program: no plugin of Spring Boot or Quarkus and no main class is named",
        )?
    } else {
        Utf8PathBuf::new()
    };
    let own_pom = if module.as_str().is_empty() {
        pom
    } else {
        look.text(module.join("pom.xml").as_str()).unwrap_or(pom)
    };
    let own = without(
        &without(&without(&without(own_pom, "parent"), "dependencies"), "build"),
        "dependencyManagement",
    );
    let of_parent = own_pom
        .split_once("<parent>")
        .and_then(|(_, rest)| element(rest.split_once("</parent>")?.0, "version"));
    let spring = boots(own_pom) || boots(pom);
    let quarkus = own_pom.contains("quarkus-maven-plugin");
    let java = [
        "java.version",
        "maven.compiler.release",
        "maven.compiler.target",
        "maven.compiler.source",
        "release",
    ]
    .iter()
    .find_map(|tag| version(element(own_pom, tag).or_else(|| element(pom, tag))?))
    .unwrap_or(JAVA);
    let kind = if element(&own, "packaging") == Some("war") { "war" } else { "jar" };
    if kind == "war" && !spring {
        return Err("it makes a WAR for an application server, which no image of its own holds: say in a Dockerfile which server runs it".into());
    }
    let known = |text: &&str| !text.contains('$');
    let jar = match (
        element(own_pom, "finalName").filter(known),
        element(&own, "artifactId"),
        element(&own, "version").or(of_parent).filter(known),
    ) {
        (Some(name), ..) => format!("{name}.{kind}"),
        (_, Some(artifact), Some(version)) => format!("{artifact}-{version}.{kind}"),
        (_, Some(artifact), _) => format!("{artifact}*.{kind}"),
        _ => format!("*.{kind}"),
    };
    let target = module.join("target");
    let wrapper = look.has("mvnw") && look.has(".mvn/wrapper/maven-wrapper.properties");
    let program = if wrapper { "sh mvnw" } else { "mvn" };
    let of_module =
        if module.as_str().is_empty() { String::new() } else { format!(" --projects {module} --also-make") };
    let build = format!("{program} --batch-mode --no-transfer-progress package{of_module} -DskipTests");
    let (lines, runs) = if quarkus {
        let folder = target.join("quarkus-app");
        (
            vec![build, format!("mkdir /out && cp -r {folder}/. /out/")],
            vec!["-jar".into(), "/app/quarkus-run.jar".into()],
        )
    } else {
        let jar = target.join(jar);
        (
            vec![build, format!("install -D -m 644 {jar} /out/app.jar")],
            vec!["-jar".into(), "/app/app.jar".into()],
        )
    };
    let serves = spring || quarkus;
    let main = spring || quarkus || own_pom.contains("<mainClass>");
    Ok(Build {
        tool: "Maven",
        image: if wrapper {
            format!("eclipse-temurin:{java}-jdk")
        } else {
            format!("maven:3.9-eclipse-temurin-{java}")
        },
        lines,
        cache: "/root/.m2",
        java,
        what: if quarkus {
            "a Quarkus application"
        } else if spring {
            "a Spring Boot application"
        } else {
            "a Java program"
        },
        port: serves.then(|| port(look, &module).unwrap_or(8080)),
        route: if own_pom.contains("spring-boot-starter-actuator")
            || pom.contains("spring-boot-starter-actuator")
        {
            Some("/actuator/health")
        } else {
            own_pom.contains("quarkus-smallrye-health").then_some("/q/health/ready")
        },
        module,
        runs,
        notes: unless(main),
    })
}

/// What there is to say of a jar, unless it is known to start.
fn unless(starts: bool) -> Vec<String> {
    if starts {
        return Vec::new();
    }
    vec!["it is not told whether the jar starts by itself (`java -jar`): give it a main class and what it needs".into()]
}

fn gradle(look: &Look<'_>, build: &str, settings: &str) -> Result<Build, String> {
    const FILES: [&str; 2] = ["build.gradle.kts", "build.gradle"];
    let applies = |text: &str, plugin: &str| {
        text.lines().any(|line| line.contains(plugin) && !line.contains("apply false"))
    };
    let boots = |text: &str| applies(text, "org.springframework.boot");
    let shadow =
        |text: &str| applies(text, "com.github.johnrengelman.shadow") || applies(text, "com.gradleup.shadow");
    let installs = |text: &str| {
        (applies(text, "application") || applies(text, "io.ktor.plugin")) && text.contains("mainClass")
    };
    let runs = |text: &str| boots(text) || shadow(text) || installs(text);
    let of = |path: &Utf8PathBuf| {
        FILES.iter().find_map(|name| look.text(path.join(name).as_str())).unwrap_or_default()
    };
    let module = if runs(build) || !settings.contains("include") {
        Utf8PathBuf::new()
    } else {
        let found = modules(look, &FILES).into_iter().filter(|path| runs(of(path))).collect();
        only(
            found,
            "none of its projects makes a program: no plugin of Spring Boot, Shadow or `application` is applied",
        )?
    };
    let own = if module.as_str().is_empty() { build } else { of(&module) };
    let java = [
        "JavaLanguageVersion.of(",
        "JavaVersion.VERSION_",
        "jvmToolchain(",
        "sourceCompatibility = '",
        "sourceCompatibility = \"",
        "sourceCompatibility = ",
    ]
    .iter()
    .find_map(|mark| [own, build].iter().find_map(|text| version(text.split_once(mark)?.1)))
    .unwrap_or(JAVA);
    let wrapper = look.has("gradlew") && look.has("gradle/wrapper/gradle-wrapper.properties");
    let program = if wrapper { "sh gradlew" } else { "gradle" };
    let project = module.components().fold(String::new(), |path, part| format!("{path}:{part}"));
    let task = |name: &str| {
        let name = if project.is_empty() { name.to_owned() } else { format!("{project}:{name}") };
        format!("{program} --no-daemon {name}")
    };
    let libs = module.join("build/libs");
    let jar = |name: &str| format!("install -D -m 644 {} /out/app.jar", libs.join(name));
    let runs_jar = || vec!["-jar".to_owned(), "/app/app.jar".to_owned()];
    let spring = boots(own);
    let serves = spring || own.contains("ktor") || own.contains("javalin");
    let (lines, runs) = if spring {
        let plain = libs.join("*-plain.jar");
        (vec![task("bootJar"), format!("rm -f {plain}"), jar("*.jar")], runs_jar())
    } else if shadow(own) {
        (vec![task("shadowJar"), jar("*-all.jar")], runs_jar())
    } else if let Some(main) = main_class(own).filter(|_| installs(own)) {
        let folder = module.join("build/install");
        (
            vec![task("installDist"), format!("mkdir /out && cp -r {folder}/*/lib /out/lib")],
            vec!["-cp".into(), "/app/lib/*".into(), main],
        )
    } else {
        (vec![task("jar"), jar("*.jar")], runs_jar())
    };
    Ok(Build {
        tool: "Gradle",
        image: if wrapper { format!("eclipse-temurin:{java}-jdk") } else { format!("gradle:9-jdk{java}") },
        lines,
        cache: if wrapper { "/root/.gradle" } else { "/home/gradle/.gradle" },
        java,
        what: if spring {
            "a Spring Boot application"
        } else if own.contains("ktor") {
            "a Ktor application"
        } else {
            "a Java program"
        },
        port: serves.then(|| port(look, &module).unwrap_or(8080)),
        route: own.contains("spring-boot-starter-actuator").then_some("/actuator/health"),
        notes: unless(spring || shadow(own) || installs(own) || own.contains("Main-Class")),
        module,
        runs,
    })
}

/// `mainClass = 'x.Main'`, `mainClass.set("x.Main")`.
fn main_class(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with("mainClass"))?;
    let name = line.split(['\'', '"']).nth(1)?;
    let valid = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$'));
    valid.then(|| name.to_owned())
}

/// A text without the elements of a name: what is said in them is said of others.
fn without(text: &str, tag: &str) -> String {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    match (text.find(&open), text.rfind(&close)) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &text[..start], &text[end + close.len()..])
        }
        _ => text.to_owned(),
    }
}

fn element<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let rest = text.split_once(&format!("<{tag}>"))?.1;
    Some(rest.split_once("</")?.0.trim())
}

/// A version of Java that images are made for: `17`, `1.8`, `VERSION_21`.
fn version(text: &str) -> Option<u32> {
    let digits = text
        .trim()
        .trim_start_matches("JavaVersion.VERSION_")
        .trim_start_matches("1.")
        .trim_start_matches("1_");
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|version| (8..40).contains(version))
}

fn port(look: &Look<'_>, module: &Utf8Path) -> Option<u16> {
    let files = ["application.properties", "application.yml", "application.yaml", "application.conf"];
    files.iter().find_map(|name| {
        let text = look.text(module.join("src/main/resources").join(name).as_str())?;
        let line = text
            .lines()
            .map(str::trim)
            .find_map(|line| {
                line.strip_prefix("server.port=").or_else(|| line.strip_prefix("quarkus.http.port="))
            })
            .or_else(|| {
                let (_, rest) = text.split_once("server:").or_else(|| text.split_once("deployment {"))?;
                rest.lines()
                    .take(8)
                    .find_map(|line| line.trim().strip_prefix("port")?.trim_start().strip_prefix([':', '=']))
            })?;
        // `${PORT:8080}` has a default behind the colon.
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok().filter(|port| *port >= 1024)
    })
}
