//! Images: built by `BuildKit` into one folder of blobs, read, unpacked and mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::program;
use crate::tree;

/// A running `BuildKit` with its base images; it stops in the end.
pub(super) struct Builder {
    script: PathBuf,
    folder: PathBuf,
    /// Where users of images may go: the cache may lie in a home that they may not enter.
    open: PathBuf,
    bases: Vec<(String, String)>,
    mounts: AtomicUsize,
}

/// A built image.
pub(super) struct Image {
    name: String,
    /// The `config` of its configuration.
    pub(super) config: Value,
    /// The digest of its configuration.
    configuration: String,
    /// The digests of its layers, the lowest first.
    layers: Vec<String>,
    /// The bytes of its layers, uncompressed.
    pub(super) size: u64,
}

/// An image whose files can be looked at; it is unmounted in the end.
pub(super) struct Mounted {
    pub(super) image: Image,
    pub(super) root: PathBuf,
}

impl Builder {
    /// Starts it; `None` where this machine cannot build images.
    #[expect(clippy::print_stdout, reason = "a program for the terminal")]
    pub(super) fn start(root: &Path) -> Result<Option<Self>, String> {
        let script = root.join("tests/engines/builder.sh");
        // What it says while it works is shown.
        let output = Command::new(&script).arg("up").stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|e| format!("cannot run {}: {e}", script.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        match output.status.code() {
            Some(0) => {}
            Some(3) => {
                println!("{last}");
                return Ok(None);
            }
            _ => return Err(format!("{} up failed: {last}", script.display())),
        }
        let folder = PathBuf::from(last);
        let text = fs::read_to_string(folder.join("bases")).map_err(|e| format!("no base images: {e}"))?;
        let pair = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
        let bases = text.lines().filter_map(pair).collect();
        let open = std::env::temp_dir().join(format!("seaworthy-builds-{}", std::process::id()));
        fs::create_dir_all(&open).map_err(|e| format!("cannot create {}: {e}", open.display()))?;
        let builder = Self { script, folder, open, bases, mounts: AtomicUsize::new(0) };
        // The base images' blobs are the first of ours.
        let blobs = builder.folder.join("images");
        let _ = fs::remove_dir_all(&blobs);
        command("cp", |c| c.args(["-al"]).arg(builder.folder.join("oci")).arg(&blobs))?;
        builder.forget_layers();
        Ok(Some(builder))
    }

    /// Removes the unpacked layers of earlier runs, but those of the base images.
    fn forget_layers(&self) {
        let bases = fs::read_dir(self.folder.join("oci/blobs/sha256")).into_iter().flatten().flatten();
        let bases: BTreeSet<String> =
            bases.map(|blob| blob.file_name().to_string_lossy().chars().take(16).collect()).collect();
        for layer in fs::read_dir(self.folder.join("layers")).into_iter().flatten().flatten() {
            if !bases.contains(layer.file_name().to_string_lossy().as_ref()) {
                // What cannot be removed is unpacked anew where it is needed.
                let _ = fs::remove_dir_all(layer.path());
            }
        }
    }

    /// A new folder of a name that users of images may enter.
    pub(super) fn scratch(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.open.join(name);
        fs::create_dir_all(&path).map_err(|e| format!("cannot create {}: {e}", path.display()))?;
        Ok(path)
    }

    /// An engine that is built beside it.
    pub(super) fn engine(&self, name: &str) -> PathBuf {
        self.folder.with_file_name("bin").join(name)
    }

    /// Builds a Dockerfile in its folder.
    pub(super) fn build(&self, file: &Path, name: &str) -> Result<Image, String> {
        self.build_from(file.parent().unwrap_or(file), file, None, name, &[])
    }

    /// Builds a stage of a Dockerfile, the last one where none is named, from a context; further names of base images
    /// come with those that stand in for them.
    pub(super) fn build_from(
        &self,
        context: &Path,
        file: &Path,
        target: Option<&str>,
        name: &str,
        further: &[(&str, &str)],
    ) -> Result<Image, String> {
        let home = file.parent().unwrap_or(file);
        let metadata = self.open.join(format!("{name}.metadata"));
        let mut build = Command::new(self.engine("buildctl"));
        build.env("BUILDKIT_HOST", format!("unix://{}/buildkitd.sock", self.folder.display()));
        build.args(["build", "--progress", "plain", "--frontend", "dockerfile.v0"]);
        build.arg("--local").arg(format!("context={}", context.display()));
        build.arg("--local").arg(format!("dockerfile={}", home.display()));
        build
            .arg("--opt")
            .arg(format!("filename={}", file.file_name().unwrap_or_default().to_string_lossy()));
        // The front end is BuildKit's own, whatever `# syntax=` asks for: no other can be fetched.
        build.args(["--opt", "cmdline=docker/dockerfile:1"]);
        if let Some(target) = target {
            build.arg("--opt").arg(format!("target={target}"));
        }
        build.arg("--oci-layout").arg(format!("bases={}", self.folder.join("oci").display()));
        let digest_of =
            |of: &str| self.bases.iter().find(|(image, _)| image == of).map(|(_, digest)| digest.as_str());
        let further = further.iter().filter_map(|(image, of)| Some((*image, digest_of(of)?)));
        let bases = self.bases.iter().map(|(image, digest)| (image.as_str(), digest.as_str()));
        for (image, digest) in bases.chain(further) {
            // The front end knows `nginx:latest` as `nginx`.
            let image = image.strip_suffix(":latest").unwrap_or(image);
            build.arg("--opt").arg(format!("context:{image}=oci-layout://bases@{digest}"));
        }
        for proxy in ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            if let Ok(value) = std::env::var(proxy) {
                build.arg("--opt").arg(format!("build-arg:{proxy}={value}"));
            }
        }
        build.arg("--metadata-file").arg(&metadata);
        let images = self.folder.join("images");
        build
            .arg("--output")
            .arg(format!("type=oci,tar=false,compression=uncompressed,dest={}", images.display()));
        let done = program::run(&mut build)?;
        if done.code != Some(0) {
            let lines: Vec<&str> = done.stderr.lines().collect();
            return Err(format!("cannot be built:\n{}", lines[lines.len().saturating_sub(25)..].join("\n")));
        }
        let metadata: Value = read_json(&metadata)?;
        let digest = metadata["containerimage.digest"].as_str().ok_or("BuildKit names no digest")?;
        let mut manifest = self.blob(digest)?;
        // An index holds the image, and what attests it.
        if let Some(first) = manifest["manifests"][0]["digest"].as_str() {
            manifest = self.blob(first)?;
        }
        let configuration = manifest["config"]["digest"].as_str().unwrap_or_default().to_owned();
        let config = self.blob(&configuration)?;
        let layers: Vec<&Value> = manifest["layers"].as_array().into_iter().flatten().collect();
        Ok(Image {
            name: name.to_owned(),
            config: config["config"].clone(),
            configuration,
            size: layers.iter().filter_map(|l| l["size"].as_u64()).sum(),
            layers: layers.iter().filter_map(|l| l["digest"].as_str().map(str::to_owned)).collect(),
        })
    }

    /// Hands an image to the Docker Engine, by a name.
    pub(super) fn load(&self, image: &Image, name: &str) -> Result<(), String> {
        let folder = self.scratch(&format!("load/{}", image.name))?;
        let put = |digest: &str, end: &str| {
            let file = format!("{}.{end}", digest.trim_start_matches("sha256:"));
            let link = folder.join(&file);
            let _ = fs::remove_file(&link);
            let linked = std::os::unix::fs::symlink(self.path_of(digest), &link);
            linked.map(|()| file).map_err(|e| format!("cannot create {}: {e}", link.display()))
        };
        let configuration = put(&image.configuration, "json")?;
        let layers = image.layers.iter().map(|digest| put(digest, "tar")).collect::<Result<Vec<_>, _>>()?;
        let manifest = json!([{ "Config": configuration, "RepoTags": [name], "Layers": layers }]);
        fs::write(folder.join("manifest.json"), manifest.to_string()).map_err(|e| e.to_string())?;
        let archive = folder.with_extension("tar");
        command("tar", |c| c.args(["-chf"]).arg(&archive).arg("-C").arg(&folder).arg("."))?;
        let loaded = command("docker", |c| c.args(["load", "--quiet", "--input"]).arg(&archive));
        let _ = fs::remove_file(&archive);
        loaded.map(drop)
    }

    fn path_of(&self, digest: &str) -> PathBuf {
        self.folder.join("images/blobs").join(digest.replace(':', "/"))
    }

    fn blob(&self, digest: &str) -> Result<Value, String> {
        read_json(&self.path_of(digest))
    }

    /// The folder of a layer's files, with what it removes as an overlay has it; made once.
    fn layer(&self, digest: &str) -> Result<String, String> {
        let layers = self.folder.join("layers");
        let name: String = digest.chars().skip("sha256:".len()).take(16).collect();
        let path = layers.join(&name);
        if path.exists() {
            return Ok(name);
        }
        let new = layers.join(format!("{name}.new"));
        let _ = fs::remove_dir_all(&new);
        fs::create_dir_all(&new).map_err(|e| format!("cannot create {}: {e}", new.display()))?;
        let blob = self.path_of(digest);
        command("tar", |c| {
            c.args(["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"])
                .arg(blob)
                .arg("-C")
                .arg(&new)
        })?;
        for file in tree::files(&new)? {
            let file = new.join(file);
            let Some(name) = file.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_prefix(".wh."))
            else {
                continue;
            };
            let folder = file.parent().unwrap_or(&new);
            fs::remove_file(&file).map_err(|e| e.to_string())?;
            if name == ".wh..opq" {
                command("setfattr", |c| c.args(["-n", "trusted.overlay.opaque", "-v", "y"]).arg(folder))?;
            } else {
                command("mknod", |c| c.arg(folder.join(name)).args(["c", "0", "0"]))?;
            }
        }
        fs::rename(&new, &path).map_err(|e| e.to_string())?;
        Ok(name)
    }

    /// Makes the files of an image a folder that can be written to without changing it.
    pub(super) fn mount(&self, image: Image) -> Result<Mounted, String> {
        let mut lower =
            image.layers.iter().map(|digest| self.layer(digest)).collect::<Result<Vec<_>, _>>()?;
        lower.reverse();
        // Of layers that are the same, such as empty ones, only the highest is seen.
        let mut seen = BTreeSet::new();
        lower.retain(|layer| seen.insert(layer.clone()));
        if lower.len() < 2 {
            // An overlay wants two.
            lower.push("none".to_owned());
            let _ = fs::create_dir_all(self.folder.join("layers/none"));
        }
        let n = self.mounts.fetch_add(1, Ordering::Relaxed);
        let (root, upper, work) = (format!("{n}/root"), format!("{n}/upper"), format!("{n}/work"));
        let (root, upper, work) = (self.scratch(&root)?, self.scratch(&upper)?, self.scratch(&work)?);
        let options =
            format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), upper.display(), work.display());
        command("mount", |c| {
            c.current_dir(self.folder.join("layers"))
                .args(["-t", "overlay", "overlay", "-o", &options])
                .arg(&root)
        })?;
        Ok(Mounted { image, root })
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // What is left of a run that was killed goes with the next one.
        let _ = Command::new(&self.script).arg("down").status();
        let _ = fs::remove_dir_all(&self.open);
    }
}

impl Image {
    /// Its name for a container.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The words of a key.
    pub(super) fn words(&self, key: &str) -> Vec<String> {
        let words = self.config[key].as_array().into_iter().flatten();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The ports it exposes, as `80/tcp`.
    pub(super) fn ports(&self) -> Vec<String> {
        self.config["ExposedPorts"].as_object().into_iter().flat_map(|ports| ports.keys().cloned()).collect()
    }

    /// Where it is not what the model says.
    pub(super) fn differences(&self, said: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |key: &str, said: String, is: String| {
            if said != is {
                wrong.push(format!("{key} is {is}, the model says {said}"));
            }
        };
        for (key, said) in said.as_object().into_iter().flatten() {
            let is = &self.config[key];
            match key.as_str() {
                "User" if is_account(is.as_str().unwrap_or_default(), said) => {}
                "WorkingDir" => compare(key, text(said, "/"), text(is, "/")),
                "StopSignal" => compare(key, text(said, "SIGTERM"), text(is, "SIGTERM")),
                "ExposedPorts" => {
                    let mut is = self.ports();
                    is.sort();
                    compare(key, said.to_string(), Value::from(is).to_string());
                }
                "Env" => {
                    let env = self.words("Env");
                    let env: BTreeMap<&str, &str> = env.iter().filter_map(|e| e.split_once('=')).collect();
                    for (name, said) in said.as_object().into_iter().flatten() {
                        compare(
                            name,
                            text(said, ""),
                            env.get(name.as_str()).copied().unwrap_or("unset").to_owned(),
                        );
                    }
                }
                _ => compare(key, said.to_string(), is.to_string()),
            }
        }
        wrong
    }
}

fn text(value: &Value, unset: &str) -> String {
    value.as_str().filter(|t| !t.is_empty()).unwrap_or(unset).to_owned()
}

/// Whether a user of an image is one that the model knows by name or number.
fn is_account(user: &str, said: &Value) -> bool {
    let is = |text: &str, name: &Value, number: &Value| {
        let number = number.as_u64().map(|n| n.to_string());
        name.as_str() == Some(text) || number.as_deref() == Some(text)
    };
    if ["", "0", "root"].contains(&user) {
        return said.is_null()
            || is("root", &said["name"], &said["uid"])
            || is("0", &said["name"], &said["uid"]);
    }
    let (user, group) = user.split_once(':').map_or((user, None), |(a, b)| (a, Some(b)));
    is(user, &said["name"], &said["uid"]) && group.is_none_or(|group| is(group, &said["group"], &said["gid"]))
}

impl Mounted {
    /// The user's and group's numbers, and its home; 0 for root.
    pub(super) fn identity(&self) -> Result<(u32, u32, Option<String>), String> {
        let user = self.image.config["User"].as_str().unwrap_or_default();
        let (who, group) = user.split_once(':').map_or((user, None), |(a, b)| (a, Some(b)));
        let table = |file: &str| fs::read_to_string(self.root.join("etc").join(file)).unwrap_or_default();
        let who = if who.is_empty() { "0" } else { who };
        let users = table("passwd");
        let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let entry = users.lines().map(fields).find(|f| f.len() > 5 && (f[0] == who || f[2] == who));
        let number = |text: &str| text.parse::<u32>().ok();
        let uid = number(who)
            .or_else(|| number(&entry.as_ref()?[2]))
            .ok_or_else(|| format!("there is no user {who} in the image"))?;
        let gid = match group {
            Some(group) => {
                let groups = table("group");
                let entry = groups.lines().map(fields).find(|f| f.len() > 2 && f[0] == group);
                number(group)
                    .or_else(|| number(&entry?[2]))
                    .ok_or_else(|| format!("there is no group {group} in the image"))?
            }
            None => entry.as_ref().and_then(|f| number(&f[3])).unwrap_or(0),
        };
        Ok((uid, gid, entry.map(|f| f[5].clone())))
    }

    /// What is wrong with the image of a variant.
    pub(super) fn faults(&self, code: &[String], absent: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        let user = self.image.config["User"].as_str().unwrap_or_default();
        if !user.split(':').all(|part| part.parse::<u32>().is_ok()) {
            wrong.push(format!("its user `{user}` is no number"));
        }
        if !self.image.config["Healthcheck"].is_null() {
            wrong.push("it has a health check".to_owned());
        }
        match self.identity() {
            Ok((0, ..)) => wrong.push("it runs as root".to_owned()),
            Ok((uid, gid, home)) => {
                match home {
                    Some(home)
                        if !self.at(&home).is_dir() && !["/nonexistent", "/dev/null"].contains(&&*home) =>
                    {
                        wrong.push(format!("the home {home} of its user does not exist"));
                    }
                    None if self.root.join("etc/passwd").exists() => {
                        wrong.push(format!("{uid} is not in /etc/passwd"));
                    }
                    _ => {}
                }
                for path in code {
                    wrong.extend(self.written(path, uid, gid));
                }
            }
            Err(error) => wrong.push(error),
        }
        wrong.extend(absent.iter().filter(|p| self.at(p).exists()).map(|p| format!("it ships {p}")));
        wrong
    }

    /// The place of a path of the image.
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// What below a path a user can write to.
    fn written(&self, path: &str, uid: u32, gid: u32) -> Option<String> {
        let place = self.at(path);
        if fs::symlink_metadata(&place).is_err() {
            return Some(format!("{path} is not in the image"));
        }
        let mut find = Command::new("setpriv");
        find.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups", "find"]);
        find.arg(&place).args(["!", "-type", "l", "-writable", "-print"]).current_dir("/");
        let found = match program::run(&mut find) {
            Ok(found) => found,
            Err(error) => return Some(error),
        };
        let text = String::from_utf8_lossy(&found.stdout);
        let first = text.lines().next()?;
        let shown = first.strip_prefix(self.root.to_str()?).unwrap_or(first);
        Some(format!("its user can write to {} places in {path}, such as {shown}", text.lines().count()))
    }

    /// Whether a path is a device or anything else that is no file of ours.
    pub(super) fn owner_of(&self, path: &str) -> Option<(u32, u32, u32)> {
        let metadata = fs::metadata(self.at(path)).ok()?;
        (!metadata.file_type().is_char_device()).then(|| (metadata.uid(), metadata.gid(), metadata.mode()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A container that hangs holds it; it goes when that does.
        let _ = Command::new("umount").arg("--lazy").arg(&self.root).status();
    }
}

/// Runs a command that must do what it is told.
pub(super) fn command(
    name: &str,
    with: impl FnOnce(&mut Command) -> &mut Command,
) -> Result<Vec<u8>, String> {
    let mut command = Command::new(name);
    let done = program::run(with(&mut command))?;
    if done.code == Some(0) {
        Ok(done.stdout)
    } else {
        Err(format!("{command:?} failed: {}", done.stderr.trim()))
    }
}

fn read_json(path: &Path) -> Result<Value, String> {
    let bytes = fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))
}
