//! What is run: services in the order in which they wait for each other, and images by themselves.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error as Bollard;
use bollard::models::ImageInspect;
use bollard::query_parameters::ListImagesOptionsBuilder;
use futures_util::future::try_join_all;
use seaworthy_engine::measured::Measured;
use seaworthy_engine::project::compose::{self, Composition};
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};

use super::owned::Run;
use super::service::{Base, Service, json, nanoseconds};
use super::trial::{self, Settings, State, Target};
use super::{Options, Step, Verified, describe, layers, measure};
use crate::error::Error;

/// What an image is stopped with, where nobody says.
const SIGNAL: &str = "SIGTERM";
/// How long it is given, where nobody says.
const GRACE: Duration = Duration::from_secs(10);

/// What is run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The Compose project's name.
    project: String,
    services: Vec<Planned>,
    /// The files of secrets and configs, by name.
    files: BTreeMap<String, String>,
    images: Vec<Wanted>,
}

/// An image that is run by itself.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Its name on the engine.
    pub image: String,
    /// The Dockerfile that it is built from, where that is known.
    pub dockerfile: String,
}

#[derive(Debug)]
struct Planned {
    name: String,
    service: Service,
    /// Whether it is measured, or only there for those that are.
    wanted: bool,
}

/// How far a service is, for those that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Pending,
    /// Its container is up, and healthy or without a health check.
    Up,
    /// It ran to its end, and well.
    Done,
    /// It will not be any of these.
    Failed,
}

impl Plan {
    /// A plan of images alone.
    pub fn of_images(images: Vec<Wanted>) -> Self {
        Self { images, ..Self::default() }
    }

    /// Adds the services of a Compose project: those that are named, or all that start by themselves, and what they wait for.
    ///
    /// # Errors
    /// No service has such a name.
    pub fn add_services(&mut self, composition: &Composition, names: &[String]) -> Result<(), Error> {
        let config = json(&compose::config(composition));
        self.project.clone_from(&composition.name);
        let mut services: BTreeMap<String, Service> = BTreeMap::new();
        for (name, value) in config["services"].as_object().into_iter().flatten() {
            let service = Service::deserialize(value)
                .map_err(|error| Error::Message(format!("the service `{name}` cannot be run: {error}")))?;
            services.insert(name.clone(), service);
        }
        for kind in ["secrets", "configs"] {
            for (name, value) in config[kind].as_object().into_iter().flatten() {
                if let Some(file) = value["file"].as_str() {
                    self.files.insert(name.clone(), file.to_owned());
                }
            }
        }
        if let Some(unknown) = names.iter().find(|name| !services.contains_key(*name)) {
            let known: Vec<&str> = services.keys().map(String::as_str).collect();
            return Err(Error::Message(format!(
                "no service is called `{unknown}`; there are: {}",
                known.join(", ")
            )));
        }
        let mut needed: Vec<String> =
            if names.is_empty() { services.keys().cloned().collect() } else { names.to_vec() };
        let wanted = needed.clone();
        let mut n = 0;
        while let Some(name) = needed.get(n).cloned() {
            for other in services.get(&name).into_iter().flat_map(|s| s.depends_on.keys()) {
                if !needed.contains(other) && services.contains_key(other) {
                    needed.push(other.clone());
                }
            }
            n += 1;
        }
        let written = composition.model.get("services").map(compose::Item::entries).unwrap_or_default();
        for name in written.into_iter().map(|(name, _)| name.to_owned()).filter(|name| needed.contains(name))
        {
            if let Some(service) = services.remove(&name) {
                let wanted = wanted.contains(&name);
                self.services.push(Planned { name, service, wanted });
            }
        }
        if let Some(name) = cycle(&self.services) {
            return Err(Error::Message(format!("the service `{name}` waits for itself")));
        }
        Ok(())
    }

    /// The names of what is measured, in order.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter().filter(|s| s.wanted).map(|s| s.name.as_str());
        services.chain(self.images.iter().map(|i| i.image.as_str()))
    }
}

/// A service that waits for itself, through others.
fn cycle(services: &[Planned]) -> Option<&str> {
    let mut left: Vec<&Planned> = services.iter().collect();
    loop {
        let before = left.len();
        let names: Vec<&str> = left.iter().map(|s| s.name.as_str()).collect();
        left.retain(|s| s.service.depends_on.keys().any(|d| names.contains(&d.as_str())));
        if left.len() == before {
            return left.first().map(|s| s.name.as_str());
        }
    }
}

/// Runs a plan.
pub(super) async fn run(
    run: &Run,
    plan: &Plan,
    options: &Options,
    say: &dyn Fn(&str, Step),
) -> Result<Verified, Error> {
    let mut images = HashMap::new();
    for planned in &plan.services {
        let (image, inspected) = service_image(&run.docker, plan, planned).await?;
        images.insert(planned.name.as_str(), (image, inspected));
    }
    let mut alone = Vec::new();
    for wanted in &plan.images {
        let remedy = || format!("build it, or pull it with `docker pull {}`", wanted.image);
        alone.push(
            find(&run.docker, &wanted.image)
                .await?
                .ok_or_else(|| Error::NoImage { image: wanted.image.clone(), remedy: remedy() })?,
        );
    }
    let network = run.network(if plan.project.is_empty() { "images" } else { &plan.project }).await?;
    let permits = Semaphore::new(options.at_once);
    let shared = shared_volumes(run, plan).await?;

    let channels: HashMap<&str, (watch::Sender<Progress>, watch::Receiver<Progress>)> =
        plan.services.iter().map(|s| (s.name.as_str(), watch::channel(Progress::Pending))).collect();
    let services = plan.services.iter().map(async |planned| {
        let (image, inspected) = &images[planned.name.as_str()];
        let base = planned.service.base(&planned.name, image, &plan.files);
        let target = Target::of(&planned.name, base, &planned.service, inspected, &network, &shared, options);
        let (sender, _) = &channels[planned.name.as_str()];
        let tell = |step| say(&planned.name, step);
        for note in &target.base.notes {
            tell(Step::Note(note.clone()));
        }
        let blocked = match &target.base.refusal {
            Some(why) => Some(why.clone()),
            None => wait(planned, &channels, &tell).await,
        };
        if let Some(why) = blocked {
            sender.send_replace(Progress::Failed);
            tell(Step::Done);
            return Ok::<_, Error>(Err(why));
        }
        tell(Step::Starting);
        let up = trial::start(run, &target, "as-it-is", &Settings::default(), None, true).await?;
        sender.send_replace(match up.state {
            State::Up => Progress::Up,
            State::Done => Progress::Done,
            State::Failed(_) => Progress::Failed,
        });
        let mut measured = Measured::default();
        if planned.wanted {
            let ends = !plan.services.iter().any(|s| s.service.depends_on.contains_key(&planned.name));
            let measuring = measure::measure(run, &target, &permits, options, &tell, &up, ends);
            measured = Box::pin(measuring).await?;
            measured.size = Some(size(run, image, options).await?);
        }
        measured.service.clone_from(&planned.name);
        measured.image.clone_from(image);
        tell(Step::Done);
        Ok(Ok(measured))
    });
    let by_themselves = plan.images.iter().zip(&alone).map(async |(wanted, inspected)| {
        let base = Base {
            body: bollard::models::ContainerCreateBody {
                image: Some(wanted.image.clone()),
                ..Default::default()
            },
            ..Base::default()
        };
        let service = Service::default();
        let target = Target::of(&wanted.image, base, &service, inspected, &network, &shared, options);
        let tell = |step| say(&wanted.image, step);
        tell(Step::Starting);
        let up = trial::start(run, &target, "as-it-is", &Settings::default(), None, true).await?;
        let measuring = measure::measure(run, &target, &permits, options, &tell, &up, true);
        let mut measured = Box::pin(measuring).await?;
        measured.size = Some(size(run, &wanted.image, options).await?);
        measured.image.clone_from(&wanted.image);
        measured.dockerfile.clone_from(&wanted.dockerfile);
        tell(Step::Done);
        Ok::<_, Error>(measured)
    });
    let (services, images) =
        futures_util::future::try_join(try_join_all(services), try_join_all(by_themselves)).await?;

    let mut verified = Verified::default();
    for (planned, outcome) in plan.services.iter().zip(services) {
        match outcome {
            Ok(measured) if planned.wanted => verified.measured.push(measured),
            Ok(_) => {}
            Err(why) => verified.left_out.push((planned.name.clone(), why)),
        }
    }
    verified.measured.extend(images);
    for (wanted, inspected) in plan.images.iter().zip(&alone).filter(|(w, _)| w.dockerfile.is_empty()) {
        let (path, text) = describe::dockerfile(&wanted.image, inspected);
        for measured in
            verified.measured.iter_mut().filter(|m| m.service.is_empty() && m.image == wanted.image)
        {
            measured.dockerfile.clone_from(&path);
        }
        verified.described.push((path, text));
    }
    Ok(verified)
}

/// Waits for those that a service waits for; why it cannot be started, where one of them fails.
async fn wait(
    planned: &Planned,
    channels: &HashMap<&str, (watch::Sender<Progress>, watch::Receiver<Progress>)>,
    tell: &dyn Fn(Step),
) -> Option<String> {
    for (other, dependency) in &planned.service.depends_on {
        let Some((_, receiver)) = channels.get(other.as_str()) else { continue };
        tell(Step::Waiting(other.clone()));
        let completes = dependency.condition == "service_completed_successfully";
        let mut receiver = receiver.clone();
        let reached = receiver.wait_for(|p| *p != Progress::Pending).await.map(|p| *p);
        let reached = reached.unwrap_or(Progress::Failed);
        let fine = match reached {
            Progress::Done => completes || dependency.condition == "service_started",
            Progress::Up => !completes,
            Progress::Pending | Progress::Failed => false,
        };
        if !fine && dependency.required {
            return Some(match reached {
                Progress::Up => format!("it waits for `{other}` to end, which goes on running"),
                _ => format!("`{other}`, which it waits for, did not come up"),
            });
        }
    }
    None
}

/// Volumes that several services share, made for this run.
async fn shared_volumes(run: &Run, plan: &Plan) -> Result<HashMap<String, String>, Error> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for planned in &plan.services {
        let base = planned.service.base(&planned.name, "", &plan.files);
        let mut names: Vec<String> = base.named.into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names.dedup();
        names.into_iter().for_each(|name| *uses.entry(name).or_default() += 1);
    }
    let mut shared = HashMap::new();
    for (name, _) in uses.into_iter().filter(|(_, n)| *n > 1) {
        let made = run.volume(&name).await?;
        shared.insert(name, made);
    }
    Ok(shared)
}

async fn find(docker: &Docker, image: &str) -> Result<Option<ImageInspect>, Error> {
    match docker.inspect_image(image).await {
        Ok(image) => Ok(Some(image)),
        Err(Bollard::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The image of a service, by the names that Compose gives those it builds.
async fn service_image(
    docker: &Docker,
    plan: &Plan,
    planned: &Planned,
) -> Result<(String, ImageInspect), Error> {
    let service = &planned.service;
    let named = match &service.image {
        Some(image) => vec![image.clone()],
        None => ["-", "_"].iter().map(|sep| format!("{}{sep}{}", plan.project, planned.name)).collect(),
    };
    for image in &named {
        if let Some(found) = find(docker, image).await? {
            return Ok((image.clone(), found));
        }
    }
    let image = named.into_iter().next().unwrap_or_default();
    let remedy = if service.build.is_some() {
        format!("build it with `docker compose build {}`", planned.name)
    } else {
        let platform = service.platform().map_or_else(String::new, |p| format!("--platform {p} "));
        format!("pull it with `docker pull {platform}{image}`")
    };
    Err(Error::NoImage { image, remedy })
}

/// The size of an image, beside that of the other family where the engine has it.
async fn size(run: &Run, image: &str, options: &Options) -> Result<seaworthy_engine::measured::Size, Error> {
    let other = match &options.against {
        Some(other) => {
            let remedy = "name one that is there with --against".to_owned();
            find(&run.docker, other).await?.ok_or_else(|| Error::NoImage { image: other.clone(), remedy })?;
            Some(other.clone())
        }
        None => family(run, image).await?,
    };
    layers::compare(&run.docker, image, other.as_deref()).await
}

/// The image of the other family, by the names that workflows give them: `app:1` and `app:k8s-1`.
async fn family(run: &Run, image: &str) -> Result<Option<String>, Error> {
    let (repository, tag) = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, "latest"),
    };
    let options = ListImagesOptionsBuilder::default().build();
    let images = run.docker.list_images(Some(options)).await?;
    let known: Vec<String> = images.into_iter().flat_map(|i| i.repo_tags).collect();
    let mut others = vec![
        format!("{repository}:k8s-{tag}"),
        format!("{repository}:{tag}-k8s"),
        format!("{repository}-k8s:{tag}"),
    ];
    let plain = tag.strip_prefix("k8s-").or_else(|| tag.strip_suffix("-k8s"));
    others.extend(plain.map(|plain| format!("{repository}:{plain}")));
    others.extend(repository.strip_suffix("-k8s").map(|plain| format!("{plain}:{tag}")));
    Ok(others.into_iter().find(|other| known.contains(other)))
}

impl Target {
    /// What is tried, of a service and the image that it runs.
    fn of(
        name: &str,
        base: Base,
        service: &Service,
        image: &ImageInspect,
        network: &str,
        shared: &HashMap<String, String>,
        options: &Options,
    ) -> Self {
        let config = image.config.clone().unwrap_or_default();
        let own = base.body.healthcheck.as_ref().and_then(|h| h.test.clone());
        let test = own.or_else(|| config.healthcheck.and_then(|h| h.test)).unwrap_or_default();
        let exposed = config.exposed_ports.unwrap_or_default();
        let exposed = exposed.iter().chain(base.body.exposed_ports.iter().flatten());
        let mut expected: Vec<u16> =
            exposed.filter_map(|e| e.strip_suffix("/tcp").unwrap_or(e).parse().ok()).collect();
        expected.sort_unstable();
        expected.dedup();
        let grace = service.stop_grace_period.as_deref().and_then(nanoseconds);
        let image_signal = config.stop_signal.filter(|s| !s.is_empty());
        let signal = base.body.stop_signal.clone().or(image_signal).unwrap_or_else(|| SIGNAL.to_owned());
        let written = base.body.user.clone().or(config.user).unwrap_or_default();
        let user = match written.split_once(':') {
            Some((uid, gid)) => uid.parse().ok().zip(gid.parse().ok()),
            None => written.parse().ok().map(|uid| (uid, 0)),
        };
        Self {
            name: name.to_owned(),
            shared: shared.clone(),
            network: network.to_owned(),
            has_check: test.first().is_some_and(|first| first != "NONE"),
            expected,
            signal,
            grace: grace.and_then(|g| u64::try_from(g).ok()).map_or(GRACE, Duration::from_nanos),
            limit: options.limit,
            most_memory: options.most_memory,
            secrets: secrets(base.body.env.as_deref().unwrap_or_default()),
            user: Cell::new(user.filter(|(uid, _): &(u32, u32)| *uid != 0)),
            base,
        }
    }
}

/// The values among variables that nobody is to read.
fn secrets(env: &[String]) -> Vec<String> {
    const SIGNS: [&str; 7] = ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "PRIVATE", "DSN"];
    let mut found: Vec<String> = Vec::new();
    for (name, value) in env.iter().filter_map(|e| e.split_once('=')) {
        let name = name.to_ascii_uppercase();
        if SIGNS.iter().any(|sign| name.contains(sign)) {
            found.push(value.to_owned());
        }
        // A password in an address.
        let login = value.split_once("://").and_then(|(_, rest)| Some(rest.split_once('@')?.0));
        found.extend(login.and_then(|l| Some(l.split_once(':')?.1.to_owned())));
    }
    found.retain(|value| value.chars().count() >= 4);
    found.sort_by_key(|value| std::cmp::Reverse(value.len()));
    found
}
