//! What is known of public images: `images/*.toml`, facts from their public sources.
