//! Text becomes trees with a span on everything.
//!
//! Nothing here reads a file, knows a rule or fails: parsing is total and returns a tree *and* errors.

pub mod dockerfile;
pub mod duration;
pub mod path;
pub mod shell;
pub mod source;
pub mod spelling;
pub mod text;
pub mod yaml;

pub use source::{Edit, Kind, LineIndex, Position, Source, SourceId, Span, Spanned, apply, bytes_of};
pub use text::Text;
