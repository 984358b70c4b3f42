//! CI workflows: which job builds which Dockerfile.

use std::collections::BTreeSet;

use seaworthy_engine::project::workflow::{ImageJob, System, Tool};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

fn project(sources: &[(&str, &str)]) -> Project {
    let parses = sources
        .iter()
        .enumerate()
        .map(|(i, (path, text))| parse(SourceId(i as u32), Source::new(*path, Kind::Workflow, *text)))
        .collect();
    let names = ["Dockerfile", "api/Dockerfile", "tools/Containerfile"].map(Into::into);
    Project::of(parses, Files::new(vec!["".into()], BTreeSet::from(names)))
}

/// A job in one line: Dockerfile, context, target, tags, platforms and push.
fn line(job: &ImageJob) -> String {
    let path = |path: &Option<camino::Utf8PathBuf>| {
        path.as_ref()
            .map_or("?".to_owned(), |p| if p.as_str().is_empty() { ".".to_owned() } else { p.to_string() })
    };
    let tags: Vec<_> = job.tags.iter().map(|t| t.value.to_string()).collect();
    let push = job.push.map_or("?", |push| if push { "push" } else { "keep" });
    let target = job.target.as_ref().map(|t| format!(" target {t}")).unwrap_or_default();
    let platforms =
        if job.platforms.is_empty() { String::new() } else { format!(" on {}", job.platforms.join(",")) };
    format!(
        "{} in {}{target} as {}{platforms} {push}",
        path(&job.dockerfile),
        path(&job.context),
        tags.join(" ")
    )
}

fn github(steps: &str) -> Vec<String> {
    let steps = steps.replace('\n', "\n      ");
    let text = format!(
        "on: push\nenv:\n  REGISTRY: ghcr.io\n  IMAGE: ${{{{ env.REGISTRY }}}}/o/app\njobs:\n  build:\n    steps:\n      {steps}\n"
    );
    project(&[(".github/workflows/x.yml", &text)]).image_jobs.iter().map(line).collect()
}

#[test]
fn actions() {
    let cases: &[(&str, &[&str])] = &[
        ("- uses: docker/build-push-action@v6", &["Dockerfile in . as  keep"]),
        (
            "- uses: docker/build-push-action@v6\n  with:\n    context: ./api\n    target: prod\n    push: true\n    platforms: linux/amd64,linux/arm64\n    tags: |\n      ${{ env.IMAGE }}:1\n      ${{ env.IMAGE }}:${{ github.sha }}",
            &[
                "api/Dockerfile in api target prod as ghcr.io/o/app:1 ghcr.io/o/app:* on linux/amd64,linux/arm64 push",
            ],
        ),
        (
            "- uses: docker/build-push-action@v6\n  with: {context: api, file: ./docker/x.Dockerfile, push: \"${{ github.event_name != 'pull_request' }}\", tags: \"a/b:1, a/b:2\"}",
            &["docker/x.Dockerfile in api as a/b:1 a/b:2 ?"],
        ),
        (
            "- uses: docker/build-push-action@v6\n  with: {context: \"{{defaultContext}}:api\"}",
            &["api/Dockerfile in api as  keep"],
        ),
        (
            "- uses: docker/build-push-action@v1\n  with: {repository: o/app, tags: \"1,2\", path: api}",
            &["api/Dockerfile in api as o/app:1 o/app:2 push"],
        ),
        (
            "- uses: docker/build-push-action@v6\n  with: {context: \"https://github.com/o/r.git\"}",
            &["? in ? as  keep"],
        ),
        (
            "- id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: ghcr.io/o/app\n    tags: |\n      type=raw,value=latest\n      type=sha\n- uses: docker/build-push-action@v6\n  with: {tags: \"${{ steps.meta.outputs.tags }}\"}",
            &["Dockerfile in . as ghcr.io/o/app:latest ghcr.io/o/app:* keep"],
        ),
        (
            "- uses: actions/checkout@v4\n  with: {path: src}\n- uses: docker/build-push-action@v6\n  with: {context: src/api}",
            &["api/Dockerfile in api as  keep"],
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(github(steps), *expected, "{steps}");
    }
}

#[test]
fn scripts() {
    let cases: &[(&str, &[&str])] = &[
        ("- run: docker build -t app:1 .", &["Dockerfile in . as app:1 keep"]),
        ("- run: cd api && docker build . --tag=app:$(date +%s)", &["api/Dockerfile in api as app:* keep"]),
        (
            "- run: |\n    IMG=${{ env.IMAGE }}\n    sudo DOCKER_BUILDKIT=1 docker buildx build \\\n      --platform linux/arm64 --push -f api/Dockerfile \\\n      -t \"$IMG:${TAG}\" --no-cache ./api # done\n  env: {TAG: v1}",
            &["api/Dockerfile in api as ghcr.io/o/app:v1 on linux/arm64 push"],
        ),
        (
            "- run: docker build --build-arg A=1 -t app api\n  working-directory: ./\n- run: |\n    docker tag app ghcr.io/o/app:2\n    docker push ghcr.io/o/app:2",
            &["api/Dockerfile in api as app ghcr.io/o/app:2 push"],
        ),
        (
            "- run: podman build -t a tools\n- run: buildah bud -t b\n  working-directory: tools",
            &["tools/Containerfile in tools as a keep", "tools/Containerfile in tools as b keep"],
        ),
        ("- run: docker build -t x $DIR", &["? in ? as x keep"]),
        ("- run: docker build - < Dockerfile", &["? in ? as  keep"]),
        ("- run: docker build -t a /opt/a", &["? in ? as a keep"]),
        ("- run: echo docker build .; docker ps; make build", &[]),
        ("- run: \"docker buildx bake --push\"", &["? in ? as  push"]),
        ("- run: >-\n    docker build\n    -t a:1 .", &["Dockerfile in . as a:1 keep"]),
    ];
    for (steps, expected) in cases {
        assert_eq!(github(steps), *expected, "{steps}");
    }
}

#[test]
fn spans_lie_on_the_command() {
    let text = "jobs:\n  a:\n    steps:\n    - run: |\n        echo ${{ github.sha }} é\n\n        docker build \\\n          -t x:${{ env.T }} .\n        echo end\n";
    let project = project(&[(".gitea/workflows/x.yaml", text)]);
    assert_eq!(project.workflows[0].system, System::Gitea);
    let job = &project.image_jobs[0];
    assert_eq!(project.text(job.span), "docker build \\\n          -t x:${{ env.T }} .");
    assert_eq!((job.tool, job.job.value.as_str()), (Tool::Docker, "a"));
}

#[test]
fn a_matrix_builds_several() {
    let text = "jobs:
  build:
    strategy:
      max-parallel: 1
      fail-fast: false
      matrix:
        image: [api, web]
        arch: [amd64, arm64]
        exclude: [{image: web, arch: arm64}]
        include:
        - {image: api, file: api/Dockerfile}
        - {image: extra, arch: amd64, file: x/Dockerfile}
    steps:
    - uses: docker/build-push-action@v6
      with:
        file: ${{ matrix.file || 'Dockerfile' }}
        tags: o/${{ matrix.image }}:${{ matrix.arch }}
";
    let project = project(&[(".github/workflows/x.yml", text)]);
    let job = &project.workflows[0].jobs[0];
    assert_eq!(job.matrix.len(), 4);
    assert!(job.max_parallel.as_ref().unwrap().value == 1 && !job.fail_fast.as_ref().unwrap().value);
    let lines: Vec<_> = project.image_jobs.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "api/Dockerfile in . as o/api:amd64 keep",
            "api/Dockerfile in . as o/api:arm64 keep",
            "Dockerfile in . as o/web:amd64 keep",
            "x/Dockerfile in . as o/extra:amd64 keep",
        ]
    );
}

#[test]
fn a_called_workflow_takes_its_inputs() {
    let reusable = "on:
  workflow_call:
    inputs:
      dir: {type: string}
      file: {type: string, default: Dockerfile}
jobs:
  b:
    steps:
    - uses: docker/build-push-action@v6
      with: {context: \"${{ inputs.dir }}\", file: \"${{ inputs.dir }}/${{ inputs.file }}\"}
";
    let caller = "on: [push, pull_request]
jobs:
  a:
    needs: z
    strategy: {matrix: {dir: [api, web]}}
    uses: ./.github/workflows/called.yml
    with: {dir: \"${{ matrix.dir }}\"}
";
    let project =
        project(&[(".github/workflows/called.yml", reusable), (".github/workflows/caller.yml", caller)]);
    let lines: Vec<_> = project.image_jobs.iter().map(line).collect();
    assert_eq!(lines, ["api/Dockerfile in api as  keep", "web/Dockerfile in web as  keep"]);
    let caller = &project.workflows[1];
    assert_eq!(
        caller.triggers.iter().map(|t| t.value.as_str()).collect::<Vec<_>>(),
        ["push", "pull_request"]
    );
    assert_eq!(caller.jobs[0].needs[0].value, "z");
    assert!(caller.jobs[0].calls.as_ref().unwrap().is_local());
}

#[test]
fn gitlab() {
    let text = "variables:
  IMAGE: $CI_REGISTRY_IMAGE/app
  NAME: registry.example/o/app
.build:
  before_script: [cd api]
  script:
  - docker build --pull -t \"$NAME:$CI_COMMIT_SHA\" .
  - - docker push $NAME:$CI_COMMIT_SHA
api:
  extends: .build
  needs: [{job: test}]
kaniko:
  image: {name: gcr.io/kaniko-project/executor:debug, entrypoint: ['']}
  script:
  - /kaniko/executor
    --context $CI_PROJECT_DIR/tools
    --dockerfile \"${CI_PROJECT_DIR}/tools/Containerfile\"
    --destination registry.example/tools:1 --cache
many:
  parallel: {matrix: [{DIR: [a, b]}]}
  script: docker build $DIR
test:
  script: [make]
";
    let project = project(&[("sub/.gitlab-ci.yml", text)]);
    let lines: Vec<_> = project.image_jobs.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "sub/api/Dockerfile in sub/api as registry.example/o/app:* push",
            "sub/tools/Containerfile in sub/tools as registry.example/tools:1 push",
            "sub/a/Dockerfile in sub/a as  keep",
            "sub/b/Dockerfile in sub/b as  keep",
        ]
    );
    assert_eq!(project.workflows[0].jobs.len(), 4);
    assert_eq!(project.workflows[0].jobs[0].needs[0].value, "test");
}

#[test]
fn nothing_panics() {
    let cases = [
        "jobs: 3",
        "jobs: {a: {steps: {x: y}, strategy: {matrix: [1]}}}",
        "jobs: {a: {steps: [3, {run: 3}, {uses: ''}, {uses: 'docker/build-push-action@', with: 3}]}}",
        "a: {script: [docker build, docker build -f, 'docker -H x build', 'kaniko', '/kaniko/executor -f']}",
        "a: {script: &s [*s, *s, *s, *s, *s, *s, *s, *s, docker build .]}",
        "a: {extends: .b, script: 3}\n.b: {extends: .b}",
        "jobs: {a: {strategy: {matrix: {include: 3, exclude: [[]]}}, steps: [{run: 'docker build -é .'}]}}",
        "jobs: {a: {steps: [{run: 'docker build ${{ ${{ }} }} -t ${{x}}${{'}]}}",
    ];
    for text in cases {
        let project = project(&[(".github/workflows/x.yml", text)]);
        for job in &project.image_jobs {
            let _ = project.text(job.span);
        }
    }
}
