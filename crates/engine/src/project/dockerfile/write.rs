//! Changes of a stage that rules ask for.
