//! Shell scripts inside other files.
