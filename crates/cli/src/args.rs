//! The command line.

use camino::Utf8PathBuf;
use clap::builder::styling::AnsiColor;
use clap::builder::{PossibleValuesParser, Styles, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use seaworthy_engine::render::{Format, variant};
use seaworthy_engine::schema::Minor;
use seaworthy_engine::{Severity, Target, convert};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Makes containers ready for production.
///
/// Reads a repository's Dockerfiles, Compose files, Kubernetes manifests and CI workflows as one project, says what
/// keeps it from running well in production, and fixes it.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, styles = STYLES, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Say nothing but the findings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say also what was left out, and why
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is wrong, where, why it matters and what fixes it
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// Apply fixes and say what remains
    #[command(after_help = EXIT_CODES)]
    Fix(Fix),
    /// Write the Kubernetes variant of each Dockerfile that ships, or refresh it
    #[command(after_help = VARIANT_EXIT_CODES)]
    Variant(Variant),
    /// Say what was lost between a Compose file and the Kubernetes manifests that run the same
    #[command(after_help = EXIT_CODES)]
    Drift(Drift),
    /// Write the container files that a program lacks: a Dockerfile, a .dockerignore and a Compose file
    Init {
        /// The top of the repository; nothing is the current directory
        #[arg(value_name = "DIRECTORY")]
        directory: Option<Utf8PathBuf>,
        /// Write nothing, print what would be written
        #[arg(long)]
        diff: bool,
    },
    /// Write the CI workflow that builds the images, those of Docker Compose and those of Kubernetes
    #[command(after_help = EXIT_CODES)]
    Workflow(Workflow),
    /// Write Kubernetes manifests, a Kustomize base or a Helm chart for a Compose project
    #[command(after_help = CONVERT_EXIT_CODES)]
    Convert(Convert),
    /// Write a document about the project in Markdown: an audit, a strategy or a plan
    Report(Report),
    /// Run the containers and prove what is said of them
    #[command(subcommand)]
    Verify(Verify),
    /// Print another tool's settings as a seaworthy.toml
    Import {
        /// Whose settings they are
        tool: ImportFrom,
        /// The file; .hadolint.yaml in this directory where none is named
        path: Option<Utf8PathBuf>,
    },
    /// Explain a rule, by its name or by another tool's id
    Explain {
        /// The rule: `root-user`, `DL3002`, `CKV_K8S_23`
        rule: String,
    },
    /// List the rules
    Rules {
        /// Only rules that are named so, have such an id, or are in such a category
        filter: Vec<String>,
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const EXIT_CODES: &str =
    "Exit status: 0 where nothing is found, 1 where something is, 2 where something cannot be done.";

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Report only what is not in this file of earlier findings
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Write what is found to this file, to be left out by --baseline from then on
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Printing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fix {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Apply also fixes after which the program may mean something else
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Write nothing, print what would change as a unified diff
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write nothing, exit with 1 where something would change
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Printing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Drift {
    /// Compose files and manifests, or directories that hold both; nothing is the current directory
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub(crate) ignore: Vec<String>,
    /// Report nothing below this severity
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Rules")]
    pub(crate) severity: Option<Level>,
    #[command(flatten)]
    pub(crate) output: Printing,
}

const VARIANT_EXIT_CODES: &str = "Exit status: 0 where every variant is in step, 1 where one was edited or written by hand and says \
     something else, or with --check and --diff where something would be written, 2 where something cannot be done.";

#[derive(Debug, clap::Args)]
pub(crate) struct Variant {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Write nothing, print what would change as a unified diff
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write nothing, exit with 1 where a variant is missing or out of step
    #[arg(long)]
    pub(crate) check: bool,
    /// Leave these transformations and rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: VariantFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum VariantFormat {
    /// What was done, and the lines that it is about
    #[default]
    Text,
    /// JSON
    Json,
    /// Tables for a comment or a job's summary
    Markdown,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Workflow {
    /// The top of the repository; nothing is the current directory
    #[arg(value_name = "DIRECTORY")]
    pub(crate) directory: Option<Utf8PathBuf>,
    /// What runs it; what the repository uses already, or else GitHub
    #[arg(long = "for", value_enum, value_name = "SYSTEM")]
    pub(crate) system: Option<System>,
    /// Build one image at a time
    #[arg(long)]
    pub(crate) serial: bool,
    /// The registry to push to, where it is not the platform's own
    #[arg(long, value_name = "HOST")]
    pub(crate) registry: Option<String>,
    /// The platforms to build for
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(crate) platforms: Vec<String>,
    /// The branch whose images are the latest; what the repository has checked out, or else `main`
    #[arg(long, value_name = "BRANCH")]
    pub(crate) branch: Option<String>,
    /// Write nothing, print what would change as a unified diff
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write nothing, exit with 1 where something would change
    #[arg(long)]
    pub(crate) check: bool,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
}

const CONVERT_EXIT_CODES: &str = "Exit status: 0 where everything is written, 1 where the folder holds edits that would be lost, with --strict \
     where something of the project is refused, with --check and --diff where something would be written, 2 where \
     something cannot be done.";

#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// Compose files, each over those before it, or a directory for what Compose takes there; nothing is the current directory
    #[arg(value_name = "COMPOSE")]
    pub(crate) paths: Vec<Utf8PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    pub(crate) to: To,
    /// Where it is to run
    #[arg(long, value_enum, default_value_t)]
    pub(crate) platform: Cluster,
    /// The folder to write to; `-` or nothing prints manifests
    #[arg(long, short, value_name = "DIRECTORY")]
    pub(crate) out: Option<Utf8PathBuf>,
    /// Run the services of this profile too; `*` for all
    #[arg(long = "profile", value_name = "NAME", value_delimiter = ',')]
    pub(crate) profiles: Vec<String>,
    /// Where images that are built here are pushed to: `ghcr.io/acme`
    #[arg(long)]
    pub(crate) registry: Option<String>,
    /// The tag of images that are built here: `k8s-1.2.3`
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The domain under which what is published over HTTP is reached
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// Write above each line that is not in the Compose files why it is there
    #[arg(long)]
    pub(crate) explain: bool,
    /// Write nothing and exit with 1 where something of the project is refused
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write nothing, print what would change as a unified diff
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write nothing, exit with 1 where something would change
    #[arg(long)]
    pub(crate) check: bool,
    /// How to print what was done; standard error has it where manifests are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: VariantFormat,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum To {
    /// Objects, a file for each service
    #[default]
    Manifests,
    /// A Kustomize base, overlays from override files and components from profiles
    Kustomize,
    /// A Helm chart
    Helm,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Cluster {
    /// Any cluster
    #[default]
    Kubernetes,
    /// K3s as it is installed: its volumes, Traefik, and network policies
    K3s,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) input: Input,
    /// Which document
    #[arg(long, value_enum, default_value_t)]
    pub(crate) document: Document,
    /// Print to a file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// What is wrong, line by line, and what the Kubernetes variants do about it
    #[default]
    Audit,
    /// Which images are built from what, and how their two families differ
    Strategy,
    /// What to do in which order, and how far fixes go
    Plan,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verify {
    /// On a Docker Engine: services of a Compose project, or images, as they are and a step stricter at a time
    #[command(after_help = VERIFY_HELP)]
    Docker(VerifyDocker),
    /// On a Kubernetes cluster: the manifests of a namespace, and what runs there of them
    #[command(after_help = CLUSTER_HELP)]
    Cluster(VerifyCluster),
}

const VERIFY_HELP: &str = "The engine is the one that `docker` speaks to: DOCKER_HOST, DOCKER_CONTEXT or the current context. No port is \
     published and nothing of the host is written; what is made carries a label and is removed, what others made is left alone.\n\n\
     Exit status: 0 where nothing is found, 1 where something is, 2 where something cannot be done.";

const CLUSTER_HELP: &str = "Which context, server and namespace is named before anything is made. Manifests are only tried (a dry run); pods \
     that ask, and the policies that let them, carry a label and are removed. Nothing else is changed, but for restarts with --restart.\n\n\
     Exit status: 0 where nothing is found, 1 where something is, 2 where something cannot be done.";

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyCluster {
    /// The manifests: files and directories; nothing is the current directory
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,
    /// The namespace; the one that the manifests name, or else the context's, where none is given
    #[arg(long, short, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// The context of the kubeconfig; the current one where none is given
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// The kubeconfig; the one that `kubectl` takes where none is given
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<Utf8PathBuf>,
    /// Restart each Deployment that serves HTTP, as `kubectl rollout restart` does, and count the requests that are lost
    #[arg(long)]
    pub(crate) restart: bool,
    /// How many requests are sent to each during its restart, at least
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    pub(crate) requests: u64,
    /// How long health checks are watched
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) watch: u64,
    /// How long workloads may take to become ready
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) timeout: u64,
    /// The image of the pods that ask from inside the cluster: it has sh, nc, wget and timeout
    #[arg(long, value_name = "IMAGE", default_value = "docker.io/library/busybox:1.37")]
    pub(crate) probe_image: String,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Printing,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyDocker {
    /// Compose services of the project, or images on the engine; nothing is every service
    #[arg(value_name = "SERVICE|IMAGE")]
    pub(crate) subjects: Vec<String>,
    /// The project: a directory, or a Compose file of it
    #[arg(long, short, value_name = "PATH", default_value = ".")]
    pub(crate) project: Utf8PathBuf,
    /// The Dockerfile that the images are built from, where the project does not tell
    #[arg(long, value_name = "FILE")]
    pub(crate) dockerfile: Option<Utf8PathBuf>,
    /// The image of the other family to compare the size with, where its name does not tell
    #[arg(long, value_name = "IMAGE")]
    pub(crate) against: Option<String>,
    /// Find the strictest settings under which each stays healthy, and write them down for `fix`
    #[arg(long)]
    pub(crate) learn: bool,
    /// Apply the safe fixes of what is found
    #[arg(long)]
    pub(crate) fix: bool,
    /// How long a container may take to become healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) timeout: u64,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Printing,
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Input {
    /// Files and directories; `-` is standard input, nothing is the current directory
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<Utf8PathBuf>,
    /// What to call standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) stdin_filename: Option<Utf8PathBuf>,
    /// Read settings from this file alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    /// Render Helm charts with the values in this file over their own; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) values: Vec<Utf8PathBuf>,
    /// Render Helm charts with this value: KEY=VALUE, as Helm's --set; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct Selection {
    /// Run these rules: names, other tools' ids, categories, or all
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Leave these rules out
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Report nothing below this severity
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) severity: Option<Level>,
    /// What the containers are meant for, where the project does not tell
    #[arg(long, value_enum, value_name = "PLATFORM")]
    pub(crate) target: Option<Platform>,
    /// The release of Kubernetes that manifests are meant for, such as 1.34; the newest that is known by default
    #[arg(long, value_name = "RELEASE")]
    pub(crate) kubernetes_version: Option<Minor>,
    /// A folder with definitions of custom resources that manifests are held to
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<Utf8PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Printing {
    /// How to print findings
    #[arg(long, value_name = "FORMAT", default_value = Format::ALL[0].as_str(), value_parser = formats())]
    pub(crate) format: Format,
    /// Print to a file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Count findings by rule instead of listing them
    #[arg(long)]
    pub(crate) statistics: bool,
}

/// The formats by their words.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str))
        .try_map(|word| Format::of(&word).ok_or("no such format"))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    #[default]
    Text,
    /// JSON
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Platform {
    Docker,
    Kubernetes,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum System {
    GitHub,
    /// Gitea and Forgejo
    Gitea,
    GitLab,
}

impl From<System> for seaworthy_engine::project::workflow::System {
    fn from(system: System) -> Self {
        match system {
            System::GitHub => Self::GitHub,
            System::Gitea => Self::Gitea,
            System::GitLab => Self::GitLab,
        }
    }
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
            Level::Critical => Self::Critical,
        }
    }
}

impl From<VariantFormat> for variant::Format {
    fn from(format: VariantFormat) -> Self {
        match format {
            VariantFormat::Text => Self::Text,
            VariantFormat::Json => Self::Json,
            VariantFormat::Markdown => Self::Markdown,
        }
    }
}

impl From<To> for convert::To {
    fn from(to: To) -> Self {
        match to {
            To::Manifests => Self::Manifests,
            To::Kustomize => Self::Kustomize,
            To::Helm => Self::Helm,
        }
    }
}

impl From<Cluster> for convert::Platform {
    fn from(cluster: Cluster) -> Self {
        match cluster {
            Cluster::Kubernetes => Self::Kubernetes,
            Cluster::K3s => Self::K3s,
        }
    }
}

impl From<Platform> for Target {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Docker => Self::Docker,
            Platform::Kubernetes => Self::Kubernetes,
        }
    }
}

impl Color {
    /// Makes it the choice of every stream; `auto` leaves it to the terminal, `NO_COLOR` and `CLICOLOR_FORCE`.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => return,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// Whose settings can be imported.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImportFrom {
    /// hadolint
    Hadolint,
}
