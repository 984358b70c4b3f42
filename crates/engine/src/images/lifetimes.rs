//! Until when the software of an image gets fixes.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use crate::project::ImageName;

/// A day: the number of days since the first of January 1970, as the clock of whoever calls says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

/// A release that an image is of, and how long it gets fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// What it is a release of: `python`, `debian`.
    pub product: &'static str,
    /// The release: `3.9`, `buster`.
    pub release: String,
    /// Its last day; `None` where it has ended on a day that is not known.
    pub end: Option<Day>,
}

/// A product and its releases.
struct Product {
    name: &'static str,
    releases: Vec<Release>,
}

struct Release {
    version: &'static str,
    codename: &'static str,
    /// `-` for none announced, `+` for a day that is not known.
    end: &'static str,
}

/// The products by image, and the distributions that tags of other images name.
struct Lifetimes {
    products: Vec<Product>,
    images: HashMap<&'static str, usize>,
}

fn lifetimes() -> &'static Lifetimes {
    static ALL: OnceLock<Lifetimes> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut all = Lifetimes { products: Vec::new(), images: HashMap::new() };
        let text = include_str!("../../images/lifetimes.txt");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let (Some(name), Some(images)) = (words.next(), words.next()) else { continue };
            all.images.extend(images.split(',').map(|image| (image, all.products.len())));
            let releases = words.filter_map(|word| {
                let (release, end) = word.split_once('=')?;
                let (version, codename) = release.split_once('/').unwrap_or((release, ""));
                Some(Release { version, codename, end })
            });
            all.products.push(Product { name, releases: releases.collect() });
        }
        all
    })
}

/// The releases that an image's tag names and whose end is known: of its software, and of the distribution below.
pub fn lifetimes_of(image: &ImageName) -> Vec<Lifetime> {
    let all = lifetimes();
    let Some(tag) = image.tag.as_deref() else { return Vec::new() };
    let name = match image.registry.as_deref() {
        None | Some("docker.io" | "public.ecr.aws" | "mirror.gcr.io") => image.repository.clone(),
        Some(registry) => format!("{registry}/{}", image.repository),
    };
    let name = name.strip_prefix("docker/library/").unwrap_or(&name);
    let own = all.images.get(name).and_then(|index| all.products.get(*index));
    let mut found = Vec::new();
    let first = tag.split('-').next().unwrap_or_default();
    if let Some(product) = own {
        let release = product.releases.iter().find(|r| is_of(first.trim_start_matches('v'), r.version));
        found.extend(release.and_then(|release| lifetime(product, release, release.version)));
    }
    // Only tags of the usual form are read: those of well-known images.
    if own.is_some() {
        for product in all.products.iter().filter(|p| matches!(p.name, "debian" | "ubuntu" | "alpine")) {
            for part in tag.split('-') {
                let release = product.releases.iter().find(|release| match product.name {
                    "alpine" => {
                        part.strip_prefix("alpine").is_some_and(|version| is_of(version, release.version))
                    }
                    _ => !release.codename.is_empty() && part == release.codename,
                });
                let name = |release: &Release| {
                    if product.name == "alpine" { release.version } else { release.codename }
                };
                found.extend(release.and_then(|release| lifetime(product, release, name(release))));
            }
        }
    }
    found
}

fn lifetime(product: &Product, release: &Release, name: &str) -> Option<Lifetime> {
    let end = match release.end {
        "-" => return None,
        "+" => None,
        date => Some(Day::parse(date)?),
    };
    Some(Lifetime { product: product.name, release: name.to_owned(), end })
}

/// Whether a version is of a release: `3.9.18` of `3.9`, but neither `3` nor `3.91`.
fn is_of(version: &str, release: &str) -> bool {
    version.strip_prefix(release).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

impl Day {
    /// A day as `2026-11-21`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = || parts.next()?.parse::<i64>().ok();
        let (year, month, day) = (part()?, part()?, part()?);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years begin in March, so that the leap day is their last.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
        u32::try_from(days - 719_468).ok().map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = u64::from(self.0) + 719_468;
        let era = days / 146_097;
        let within = days % 146_097;
        let year = (within - within / 1_460 + within / 36_524 - within / 146_096) / 365;
        let of_year = within - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + u64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (text, days) in
            [("1970-01-01", 0), ("1972-03-01", 790), ("2000-02-29", 11_016), ("2026-11-21", 20_778)]
        {
            let day = Day::parse(text).unwrap();
            assert_eq!((day.0, day.to_string()), (days, text.to_owned()));
        }
        for day in (0..40_000).step_by(17) {
            assert_eq!(Day::parse(&Day(day).to_string()), Some(Day(day)));
        }
        for text in ["", "2026", "2026-13-01", "x-y-z", "2026-1-40"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ends() {
        for (image, expected) in [
            ("python:3.9-slim-bullseye", "python 3.9 2025-10-31, debian bullseye 2026-08-31"),
            ("node:18.20.8-alpine3.15", "node 18 2025-04-30, alpine 3.15 2023-11-01"),
            ("docker.io/library/node:16", "node 16 2023-09-11"),
            ("debian:10", "debian 10 2024-06-30"),
            ("debian:buster-20240612-slim", "debian buster 2024-06-30"),
            ("postgres:9.6", "postgres 9.6 2021-11-11"),
            ("mcr.microsoft.com/dotnet/aspnet:6.0-alpine", "dotnet 6 2024-11-12"),
            ("python:3", ""),
            ("python:3-slim", ""),
            ("node:lts", ""),
            ("example.org/node:16", ""),
            ("example/tool:buster", ""),
            ("nginx:1.30", ""),
        ] {
            let image = ImageName::parse(image).unwrap();
            let found: Vec<String> = lifetimes_of(&image)
                .iter()
                .map(|l| {
                    format!(
                        "{} {} {}",
                        l.product,
                        l.release,
                        l.end.map(|d| d.to_string()).unwrap_or_default()
                    )
                })
                .collect();
            assert_eq!(found.join(", "), expected, "{image}");
        }
    }
}
