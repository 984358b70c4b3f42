//! Writes what is made from the rules, and measures.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod bless;
mod builds;
mod compare;
mod corpus;
mod program;
mod schemas;
mod tree;
mod whole;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask bless [--check]   write the list of rules, the report and fixed blocks of their pages, docs and README table;
                              with --check, fail where one of them is stale
cargo xtask corpus DIR…       count what is found in real files, by rule; fail where the program crashes
    --fix                     fix copies instead, and fail where a fix does not keep what it should
    --unsafe-fixes            unsafe ones too
    --variants                make the variants of copies instead, twice, and fail where one is not what it should be
    --convert                 convert every Compose file in each way instead, in an environment whose values are marked
    --marks                   and, in copies, its secrets: no mark may be in an output or a message
    --engines                 and where an engine of tests/engines refuses a file after a fix that it accepted before
    --schemas LOCATION        ask kubeconform too, with this -schema-location
    --each                    each folder in DIR is a project of its own
    --program FILE            run this program instead of the release build
    -- ARGUMENT…              what else to pass to it
cargo xtask archon [DIR]      print, one by one, what variants of Archon's four services have to be and are: in the repository
                              in DIR, or in our own picture of it
cargo xtask sutazai [DIR]     print, one by one, what the manifests of SutazAI's 28 services have to be and are, likewise
cargo xtask bench             measure the program against reading and parsing alone, and against others on the path
    --dockerfiles DIR         where to take 1,300 Dockerfiles from
    --manifests DIR           where to take 5,000 manifests from
    --schemas LOCATION        kubeconform's -schema-location; without it, kubeconform is left out
    --runs N                  how often each runs
cargo xtask compare hadolint|buildkit|kube-score|checkov|compose-lint|dclint DIR
                              for each of their ids, the places in the Dockerfiles below DIR where they find it, and where we do
    --program FILE            hadolint, or the dockerfile-oracle of tests/engines
    --config FILE             a .hadolint.yaml for both
    --samples N               show so many places of each id that differ
cargo xtask compare helm|kustomize DIR
                              render every chart, or build every overlay, below DIR, and fail where the objects are not those of
                              `helm template` and `kustomize build`
    --program FILE            the program to compare with
cargo xtask compare kubeconform DIR --schemas LOCATION
                              hold the manifests below DIR to the schemas of Kubernetes 1.34, and say which files only one refuses
cargo xtask compare apiserver DIR
                              ask a real API server (tests/engines) for a strict dry run of each object below DIR
    --breaks N                break objects on purpose, in each known way N times, and ask again
    --files N                 take so many of the files
    --samples N               show so many that differ
cargo xtask schemas kubernetes|custom FOLDER
                              pack schemas: FOLDER is what is in the wheel of kubernetes-validate, or has definitions of
                              custom resources
cargo xtask builds [NAME…]    build the projects of tests/ecosystems and their variants, and what `init` makes of those of
                              tests/starts, hold the images against the model, run them; fail where one is not as it should be
    --no-run                  only build them
    --verify                  hand the former to the Docker Engine and run `seaworthy verify docker` on each original beside its
                              variant; fail where a variant is root, is killed, or needs more than it should";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        ["bless"] => bless::write(root()),
        ["bless", "--check"] => bless::check(root()),
        ["corpus", ref rest @ ..] => corpus::run(root(), rest),
        [name @ ("archon" | "sutazai")] => whole::run(root(), name, None),
        [name @ ("archon" | "sutazai"), directory] => whole::run(root(), name, Some(directory)),
        ["compare", rival, ref rest @ ..] => compare::run(root(), rival, rest),
        ["schemas", what, folder] => schemas::run(root(), what, folder),
        ["bench", ref rest @ ..] => bench::run(root(), rest),
        ["builds", ref rest @ ..] => builds::run(root(), rest),
        [] | ["help" | "-h" | "--help"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("unknown task: {}\n{USAGE}", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
