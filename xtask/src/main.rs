//! Writes what is made from the rules, and measures.
fn main() {}
