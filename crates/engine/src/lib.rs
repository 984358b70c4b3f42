//! One model of a repository's containers: what is wrong with them, and the edits that mend it.
//!
//! The verbs in order: [`parse`](parse::parse), [`Project::of`], [`check`](check::check), [`fix`](fix::fix),
//! [`variant`](variant::variant), [`convert`], [`render`](render::render). All of it is pure: sources and names come in, data goes out.

pub mod baseline;
pub mod check;
pub mod config;
pub mod convert;
pub mod diagnostic;
pub mod dockerignore;
pub mod drift;
mod exec;
pub mod fix;
pub mod images;
pub mod init;
pub mod measured;
pub mod parse;
mod pins;
pub mod project;
pub mod render;
pub mod rule;
pub mod rules;
pub mod schema;
mod secret;
mod shellcheck;
mod suppress;
mod template;
pub mod variant;
pub mod workflow;

pub use check::{Config, Report, check};
pub use diagnostic::{Diagnostic, Fix, Label, Safety};
pub use parse::{Document, Files, Parse, parse};
pub use project::Project;
pub use rule::{Category, Check, Ctx, FixKind, Rule, Severity, Target};
pub use seaworthy_syntax as syntax;
pub use seaworthy_syntax::{Edit, Kind, Source, SourceId, Span, Spanned};
pub use variant::variant;
