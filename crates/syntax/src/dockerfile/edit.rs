//! Changes to a Dockerfile that touch nothing else: in the file's own line ends, keyword case and escape character.
