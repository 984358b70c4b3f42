//! Prints which of the files named on standard input are templates: `find … | cargo run --example yaml_templates`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers: it reads files and prints"
)]

fn main() {
    for path in std::io::stdin().lines().map_while(Result::ok) {
        if std::fs::read_to_string(&path).is_ok_and(|text| seaworthy_syntax::yaml::is_template(&text)) {
            println!("{path}");
        }
    }
}
