//! Whether a Dockerfile and its Kubernetes variant still mean the same, and manifests the same as a Compose file.
//!
//! What is compared is what instructions come to, never their text. A variant may differ in what it is for: who runs it,
//! who owns what, how its command receives signals, caches, probes, ports below 1024, and tests that are left out.

mod command;
mod facts;
mod installs;
pub(crate) mod platforms;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Span;

use crate::diagnostic::Label;
use crate::project::entry::{Entry, Place, entries};
use crate::project::{Base, Build, ImageCommand, Project, Setting, Stage};
use facts::{Fact, Kind, facts};

/// The rules that compare manifests with the Compose project they were written of, and those on configuration that is
/// named in one place and stands in another.
pub const RULES: [&str; 9] = [
    "lost-command",
    "lost-name",
    "lost-port",
    "lost-probe",
    "lost-service",
    "lost-variable",
    "lost-volume",
    "missing-config",
    "unused-config-key",
];

/// A Compose project and manifests that run the same services.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The first file of the Compose project.
    pub compose: Utf8PathBuf,
    /// The file of the manifests, or the directory that all of them lie in; empty for the top.
    pub manifests: Utf8PathBuf,
    /// How many services the Compose project has.
    pub services: usize,
    /// How many of them the manifests run.
    pub run: usize,
}

/// What [`RULES`] compare in a project.
pub fn compared(project: &Project) -> Vec<Compared> {
    let families = platforms::families(project);
    let one = |family: &platforms::Family<'_>| {
        let paths = family.twins.iter().map(|t| project.path(t.workload.object(project).source));
        let shared = |a: &Utf8Path, b: &Utf8Path| {
            let all = a.components().zip(b.components()).take_while(|(x, y)| x == y);
            all.map(|(part, _)| part.as_str()).collect::<Utf8PathBuf>()
        };
        Compared {
            compose: family
                .composition
                .files
                .first()
                .map_or_else(Utf8PathBuf::new, |s| project.path(*s).to_owned()),
            manifests: paths.map(Utf8Path::to_owned).reduce(|a, b| shared(&a, &b)).unwrap_or_default(),
            services: family.composition.services.len(),
            run: family.twins.len(),
        }
    };
    families.iter().map(one).collect()
}

/// Something that a Dockerfile and its variant do not agree in.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// What it is.
    pub(crate) message: String,
    /// The place in one of the two.
    pub(crate) span: Span,
    /// The place in the other.
    pub(crate) other: Option<Label>,
}

/// What a Dockerfile and its variant do not agree in, in both directions.
pub(crate) fn drift(project: &Project, source: &Build, twin: &Build) -> Vec<Difference> {
    let mut comparison = Comparison { project, source, twin, found: Vec::new() };
    comparison.run();
    let mut found = comparison.found;
    found.sort_by_key(|d| d.span);
    found.dedup_by(|a, b| a.span == b.span && a.message == b.message);
    found
}

struct Comparison<'p> {
    project: &'p Project,
    source: &'p Build,
    twin: &'p Build,
    found: Vec<Difference>,
}

impl<'p> Comparison<'p> {
    fn run(&mut self) {
        let pairs = self.pairs();
        let paired = pairs.len() == self.source.stages.len() && pairs.len() == self.twin.stages.len();
        if paired {
            for (s, t) in &pairs {
                self.compare(&[*s], &[*t], &pairs);
            }
        } else {
            self.stages(&pairs);
            let all = |build: &Build| (0..build.stages.len()).collect::<Vec<_>>();
            self.compare(&all(self.source), &all(self.twin), &pairs);
        }
        for (s, t) in &pairs {
            let (Some(s), Some(t)) = (self.source.stages.get(*s), self.twin.stages.get(*t)) else { continue };
            self.base(s, t, &pairs);
            self.workdir(s, t);
        }
        if let (Some(s), Some(t)) = (self.source.last(), self.twin.last()) {
            self.command(s, t);
        }
    }

    /// The stages that are each other's: by their names, the last ones, and those between by their order.
    fn pairs(&self) -> BTreeMap<usize, usize> {
        let mut pairs = BTreeMap::new();
        let (of_source, of_twin) = (&self.source.stages, &self.twin.stages);
        if let (Some(s), Some(t)) = (of_source.len().checked_sub(1), of_twin.len().checked_sub(1)) {
            pairs.insert(s, t);
        }
        for stage in of_source {
            let Some(name) = &stage.name else { continue };
            let same = of_twin.iter().find(|t| t.name.as_ref().is_some_and(|n| n.value == name.value));
            if let Some(twin) = same.filter(|t| !pairs.values().any(|v| *v == t.index)) {
                pairs.entry(stage.index).or_insert(twin.index);
            }
        }
        if of_source.len() == of_twin.len() {
            for index in 0..of_source.len() {
                if !pairs.contains_key(&index) && !pairs.values().any(|v| *v == index) {
                    pairs.insert(index, index);
                }
            }
        }
        pairs
    }

    fn push(&mut self, span: Span, message: String, other: Option<(Span, String)>) {
        let other = other.map(|(span, message)| Label { span, message });
        self.found.push(Difference { message, span, other });
    }

    fn name(&self, build: &Build) -> &'p str {
        let path = self.project.parse(build.source).and_then(|p| p.source.path.file_name());
        path.unwrap_or("the other file")
    }

    /// The `FROM` of a stage, or of the last of a build.
    fn from(&self, build: &Build, stage: Option<usize>) -> Option<Span> {
        let stage = stage.and_then(|index| build.stages.get(index)).or_else(|| build.last())?;
        stage.from_span(self.project)
    }

    fn stages(&mut self, pairs: &BTreeMap<usize, usize>) {
        let (source, twin) = (self.source, self.twin);
        for (build, other, has) in [
            (source, twin, pairs.keys().copied().collect::<Vec<_>>()),
            (twin, source, pairs.values().copied().collect()),
        ] {
            for stage in build.stages.iter().filter(|stage| !has.contains(&stage.index)) {
                let Some(span) = stage.from_span(self.project) else { continue };
                let name = stage.name.as_ref().map(|n| format!(" `{}`", n.value)).unwrap_or_default();
                let message = format!("the stage{name} is not in {}", self.name(other));
                let at = self.from(other, None).map(|span| (span, "it has these stages alone".to_owned()));
                self.push(span, message, at);
            }
        }
    }

    fn compare(&mut self, of_source: &[usize], of_twin: &[usize], pairs: &BTreeMap<usize, usize>) {
        let canonical: BTreeMap<usize, usize> = pairs.iter().map(|(s, t)| (*t, *s)).collect();
        let ours = facts(self.project, self.source, of_source, Some);
        let theirs = facts(self.project, self.twin, of_twin, |index| canonical.get(&index).copied());
        let mut open_ours: Vec<&Fact> = ours.iter().collect();
        let mut open_theirs: Vec<&Fact> = theirs.iter().collect();
        // What agrees in everything first, so that of several of a name the right ones meet.
        let agreements: [fn(&Fact, &Fact) -> bool; 4] = [
            |a, b| a.has_same_name(b) && a.has_same_value(b),
            |a, b| a.comes_to_same_name(b) && a.has_same_value(b),
            Fact::has_same_name,
            Fact::comes_to_same_name,
        ];
        let mut changed = Vec::new();
        for (round, agrees) in agreements.into_iter().enumerate() {
            open_ours.retain(|ours| {
                let Some(at) = open_theirs.iter().position(|theirs| agrees(ours, theirs)) else {
                    return true;
                };
                let theirs = open_theirs.remove(at);
                if round > 1 && !facts::may_change(ours, theirs) {
                    changed.push((*ours, theirs));
                }
                false
            });
        }
        facts::take_moved_ports(&mut open_ours, &mut open_theirs);
        facts::take_replaced(&mut open_ours, &mut open_theirs, &mut changed);
        for (ours, theirs) in changed {
            let (name, there) = (self.name(self.source), ours.says_there());
            let (message, label) = if ours.has_same_name(theirs) || ours.comes_to_same_name(theirs) {
                let message = format!("{} {}, in {name} {there}", ours.what(), theirs.says());
                (message, format!("it {} here", ours.says()))
            } else {
                let what = ours.what();
                (format!("{} stands for {what} of {name}", theirs.what()), format!("{what} stands here"))
            };
            self.push(theirs.span, message, Some((ours.span, label)));
        }
        let (source, twin) = (self.source, self.twin);
        let stage = |of: &[usize]| (of.len() == 1).then(|| of.first().copied()).flatten();
        for fact in open_ours
            .iter()
            .filter(|f| !facts::may_be_left_out(f, self.project, source) && !f.is_covered(&theirs))
        {
            let at = self.from(twin, stage(of_twin)).map(|span| (span, "it belongs here".to_owned()));
            self.push(fact.span, format!("{} is not in {}", fact.what(), self.name(twin)), at);
        }
        for fact in
            open_theirs.iter().filter(|f| !facts::may_be_added(f, self.project, twin) && !f.is_covered(&ours))
        {
            let at =
                self.from(source, stage(of_source)).map(|span| (span, "it has no such thing".to_owned()));
            self.push(fact.span, format!("{} is not in {}", fact.what(), self.name(source)), at);
        }
    }

    fn base(&mut self, source: &Stage, twin: &Stage, pairs: &BTreeMap<usize, usize>) {
        let same = match (&source.base, &twin.base) {
            (Base::Stage(a), Base::Stage(b)) => pairs.get(a).is_none_or(|t| t == b),
            (Base::Image(a), Base::Image(b)) => {
                let last = |repository: &str| repository.rsplit('/').next().unwrap_or_default().to_owned();
                let unprivileged = last(&b.repository)
                    .strip_suffix("-unprivileged")
                    .is_some_and(|n| n == last(&a.repository));
                let repository = (&a.registry, &a.repository) == (&b.registry, &b.repository);
                // A variant may be pinned where the Dockerfile is not.
                let digest = a.digest.is_none() || a.digest == b.digest;
                (repository || unprivileged)
                    && digest
                    && (a.tag == b.tag || a.tag.is_none() && b.digest.is_some())
            }
            (Base::Scratch, Base::Scratch) | (Base::Unknown, _) | (_, Base::Unknown) => true,
            _ => false,
        };
        if same {
            return;
        }
        let (Some(ours), Some(theirs)) = (source.image_span(self.project), twin.image_span(self.project))
        else {
            return;
        };
        if self.project.text(ours) == self.project.text(theirs) {
            return;
        }
        let text = |span| self.project.text(span).to_owned();
        let message =
            format!("starts from `{}`, {} from `{}`", text(theirs), self.name(self.source), text(ours));
        self.push(theirs, message, Some((ours, "it starts here".into())));
    }

    fn workdir(&mut self, source: &Stage, twin: &Stage) {
        let (a, b) = (source.end().workdir(), twin.end().workdir());
        // Root's home is no place for anyone else.
        let roots = a.value().is_some_and(|path| facts::is_roots(path));
        if a.is_unknown() || b.is_unknown() || a.value() == b.value() || roots {
            return;
        }
        let raw = |setting: &Setting<String>| setting.at.map(|at| self.project.text(at));
        if raw(a).is_some() && raw(a) == raw(b) {
            return;
        }
        let says = |setting: &Setting<String>| {
            setting.value().map_or("has no directory to work in".to_owned(), |v| format!("works in `{v}`"))
        };
        let at =
            |setting: &Setting<String>, stage: &Stage| setting.at.or_else(|| stage.from_span(self.project));
        let (Some(ours), Some(theirs)) = (at(a, source), at(b, twin)) else { return };
        let message = format!("{}, {} {}", says(b), self.name(self.source), says(a));
        self.push(theirs, message, Some((ours, format!("it {} here", says(a)))));
    }

    fn command(&mut self, source: &Stage, twin: &Stage) {
        let (a, b) = (source.end(), twin.end());
        let settings = [a.entrypoint(), a.command(), b.entrypoint(), b.command()];
        let own = |setting: &&Setting<ImageCommand>| setting.at.is_some();
        // What only the base images say differs with them.
        if !settings.iter().any(own) {
            return;
        }
        let unknown = |n: usize| settings[n].is_unknown() && settings[n].at.is_none();
        let of = |n: usize| settings[n].value().map(command::normal).unwrap_or_default();
        let (ours, theirs) = ([of(0), of(1)], [of(2), of(3)]);
        // What an entry point gets as its arguments may be a line that its shell runs.
        let both = |n: usize| {
            let argv = |n: usize| settings[n].value().map(ImageCommand::argv).unwrap_or_default();
            command::normal(&ImageCommand::Exec([argv(n), argv(n + 1)].concat()))
        };
        let (started, starts) = (both(0), both(2));
        let meant = self.meant(source, &started);
        let same = command::same(&started, &starts) || command::same(&meant, &starts);
        if same && unknown(0) == unknown(2) {
            return;
        }
        for (n, keyword) in [(0, "entry point"), (1, "command")] {
            if command::same(&ours[n], &theirs[n]) && unknown(n) == unknown(n + 2)
                || unknown(n) && unknown(n + 2)
            {
                continue;
            }
            let says = |words: &[String]| {
                if words.is_empty() { "none of its own".to_owned() } else { format!("`{}`", words.join(" ")) }
            };
            let at = |n: usize, stage: &Stage| settings[n].at.or_else(|| stage.from_span(self.project));
            let (Some(here), Some(there)) = (at(n + 2, twin), at(n, source)) else { continue };
            let message = format!(
                "the {keyword} is {}, in {} {}",
                says(&theirs[n]),
                self.name(self.source),
                says(&ours[n])
            );
            self.push(here, message, Some((there, format!("the {keyword} is {} here", says(&ours[n])))));
            // A line that moved from one to the other is one difference.
            return;
        }
    }
}

impl Comparison<'_> {
    /// A command with the application that its module has, where it names one that is not there.
    fn meant(&self, stage: &Stage, words: &[String]) -> Vec<String> {
        let mut meant = words.to_vec();
        for entry in entries(words) {
            let Entry::Attribute { written, module, attribute, directory } = entry else { continue };
            let place = Place::Image(stage);
            let missing = place.missing_attribute(self.project, &module, &attribute, directory.as_deref());
            let Some(name) = missing.and_then(|missing| missing.application) else { continue };
            for word in meant.iter_mut().filter(|word| **word == written) {
                *word = format!("{}{name}", written.strip_suffix(&attribute).unwrap_or_default());
            }
        }
        meant
    }
}

impl Kind {
    /// What it is called in messages.
    fn as_str(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Group => "option",
            Self::Requirements => "list of packages",
            Self::Install => "installation",
            Self::Copy => "copy",
            Self::Arg => "`ARG`",
            Self::Env => "`ENV`",
            Self::Port => "port",
        }
    }
}
