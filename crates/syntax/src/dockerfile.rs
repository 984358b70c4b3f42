//! Dockerfiles as lossless trees.
