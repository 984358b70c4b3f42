//! The model of a repository, its rules and its fixes.
