//! Java and Kotlin, built by Maven or Gradle into one jar that runs.

use minijinja::context;

use super::{App, Look, bash_probe, slug};
use crate::template::render;

/// The version of Java where the project leaves it open.
const JAVA: u32 = 21;

pub(super) fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    if let Some(pom) = look.text("pom.xml") {
        return Some(app(look, &maven(look, pom)));
    }
    let build = look.text("build.gradle.kts").or_else(|| look.text("build.gradle"))?;
    Some(gradle(look, build).and_then(|tool| app(look, &tool)))
}

/// What a build tool makes and how.
struct Build {
    tool: &'static str,
    /// The image that builds.
    image: String,
    /// The line that builds the jar.
    line: String,
    /// Where the jar lies then.
    jar: String,
    cache: &'static str,
    java: u32,
    spring: bool,
    actuator: bool,
    /// Whether the jar starts by itself; otherwise a person has to see to it.
    runs: bool,
}

fn app(look: &Look<'_>, build: &Build) -> Result<App, String> {
    let name = match look.name().as_str() {
        "app" => "app".to_owned(),
        name => slug(name),
    };
    let port = build.spring.then(|| port(look).unwrap_or(8080));
    let mut notes = Vec::new();
    if !build.runs {
        notes.push("it is not told whether the jar starts by itself (`java -jar`): give it a main class and what it needs".to_owned());
    }
    let values = context! {
        image => build.image,
        line => build.line,
        jar => build.jar,
        cache => build.cache,
        java => build.java,
        port,
        health => port.map(|port| bash_probe(port, build.actuator.then_some("/actuator/health"))),
    };
    let dockerfile = render(include_str!("templates/java.Dockerfile"), values).map_err(|e| e.to_string())?;
    let what = if build.spring { "a Spring Boot application" } else { "a Java program" };
    Ok(App {
        directory: look.directory.to_owned(),
        name,
        what: format!("{what} on Java {}, built by {}", build.java, build.tool),
        dockerfile,
        ignore: vec!["target", "build", ".gradle", ".idea", "*.md"],
        port,
        scratch: Vec::new(),
        notes,
    })
}

fn maven(look: &Look<'_>, pom: &str) -> Build {
    let own = without(&without(&without(pom, "parent"), "dependencies"), "build");
    let spring = pom.contains("spring-boot-maven-plugin");
    let java = [
        "java.version",
        "maven.compiler.release",
        "maven.compiler.target",
        "maven.compiler.source",
        "release",
    ]
    .iter()
    .find_map(|tag| version(element(pom, tag)?))
    .unwrap_or(JAVA);
    let wrapper = look.has("mvnw") && look.has(".mvn/wrapper/maven-wrapper.properties");
    let jar = match (element(pom, "finalName"), element(&own, "artifactId"), element(&own, "version")) {
        (Some(name), _, _) if !name.contains('$') => format!("target/{name}.jar"),
        (_, Some(artifact), Some(version)) if !version.contains('$') => {
            format!("target/{artifact}-{version}.jar")
        }
        (_, Some(artifact), _) => format!("target/{artifact}*.jar"),
        _ => "target/*.jar".to_owned(),
    };
    let program = if wrapper { "sh mvnw" } else { "mvn" };
    Build {
        tool: "Maven",
        image: if wrapper {
            format!("eclipse-temurin:{java}-jdk")
        } else {
            format!("maven:3.9-eclipse-temurin-{java}")
        },
        line: format!("{program} --batch-mode --no-transfer-progress package -DskipTests"),
        jar,
        cache: "/root/.m2",
        java,
        spring,
        actuator: pom.contains("spring-boot-starter-actuator"),
        runs: spring || pom.contains("<mainClass>"),
    }
}

fn gradle(look: &Look<'_>, build: &str) -> Result<Build, String> {
    let settings =
        look.text("settings.gradle.kts").or_else(|| look.text("settings.gradle")).unwrap_or_default();
    let spring = build.contains("org.springframework.boot");
    let shadow = build.contains("com.github.johnrengelman.shadow") || build.contains("com.gradleup.shadow");
    if !spring && !shadow && settings.contains("include") {
        return Err("it holds several projects: run this in the directory of the one that runs".into());
    }
    let java = [
        "JavaLanguageVersion.of(",
        "JavaVersion.VERSION_",
        "jvmToolchain(",
        "sourceCompatibility = '",
        "sourceCompatibility = \"",
    ]
    .iter()
    .find_map(|mark| version(build.split_once(mark)?.1))
    .unwrap_or(JAVA);
    let wrapper = look.has("gradlew") && look.has("gradle/wrapper/gradle-wrapper.properties");
    let task = if spring {
        "bootJar"
    } else if shadow {
        "shadowJar"
    } else {
        "jar"
    };
    let program = if wrapper { "sh gradlew" } else { "gradle" };
    Ok(Build {
        tool: "Gradle",
        image: if wrapper { format!("eclipse-temurin:{java}-jdk") } else { format!("gradle:9-jdk{java}") },
        line: format!("{program} --no-daemon {task}"),
        jar: if shadow && !spring { "build/libs/*-all.jar".into() } else { "build/libs/*.jar".into() },
        cache: if wrapper { "/root/.gradle" } else { "/home/gradle/.gradle" },
        java,
        spring,
        actuator: build.contains("spring-boot-starter-actuator"),
        runs: spring || shadow || build.contains("Main-Class"),
    })
}

/// A text without the element of a name: what is said in it is said of others.
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
    let digits = text.trim().trim_start_matches("1.").trim_start_matches("1_");
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|version| (8..40).contains(version))
}

fn port(look: &Look<'_>) -> Option<u16> {
    let files = ["src/main/resources/application.properties", "src/main/resources/application.yml"];
    files.iter().find_map(|name| {
        let text = look.text(name)?;
        let line =
            text.lines().map(str::trim).find_map(|line| line.strip_prefix("server.port=")).or_else(|| {
                let rest = text.split_once("server:")?.1;
                rest.lines().find_map(|line| line.trim().strip_prefix("port:"))
            })?;
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u16>().ok().filter(|port| *port >= 1024)
    })
}
