#!/bin/bash
# Compares what we read with what the engines read. Fails where they differ, or where an engine cannot be built.
#   compare.sh [DIR]…      no DIR: the repositories and projects of our tests, and BuildKit's own test data
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${ENGINES:-$HOME/.cache/seaworthy-engines}/bin
"$here/build.sh" actionlint compose dockerfile-oracle dockerignore-oracle
cd "$here/../.."

if [ $# = 0 ]; then
  buildkit=$(cd "$here/dockerfile-oracle" && go mod download github.com/moby/buildkit && go list -m -f '{{.Dir}}' github.com/moby/buildkit)
  for folder in "$buildkit"/frontend/dockerfile/parser/testfiles{,-negative} tests/repositories tests/ecosystems crates/engine/tests/compose; do
    [ ! -d "$folder" ] || set -- "$@" "$folder"
  done
fi

echo "Dockerfiles, against BuildKit:"
find "$@" -type f \( -iname 'dockerfile*' -o -iname '*.dockerfile' -o -iname 'containerfile*' \) ! -iname '*.dockerignore' ! -iname '*.md' |
  sort | "$bin/dockerfile-oracle" parse | cargo run --quiet --package seaworthy-syntax --example compare_dockerfiles

echo "What .dockerignore leaves out, against BuildKit:"
cases=crates/engine/tests/dockerignore/cases.tsv
cut -f 1,2 "$cases" | "$bin/dockerignore-oracle" | diff "$cases" - && cargo test --quiet --package seaworthy-engine --lib dockerignore

echo "Compose files, against Docker Compose:"
for folder; do
  DOCKER_COMPOSE=$bin/docker-compose cargo run --quiet --package seaworthy-engine --example compose_config -- compare "$(realpath "$folder")"
done

echo "Workflows that are made, against actionlint and the public schemas of GitHub and GitLab:"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cargo build --quiet --package seaworthy
schemas=$(cat "$here/schemas.txt")
schema=$bin/schemas/check-jsonschema-${schemas#*==}/bin/check-jsonschema
if [ ! -x "$schema" ]; then
  python3 -m venv "${schema%/bin/*}" && "${schema%/bin/*}/bin/pip" install --quiet --disable-pip-version-check "$schemas"
fi
for folder in tests/repositories/*/; do
  for system in github gitea gitlab; do
    cp -r "$folder" "$made/repository"
    if "${CARGO_TARGET_DIR:-target}/debug/seaworthy" workflow --quiet --for "$system" "$made/repository"; then
      (
        cd "$made/repository"
        mapfile -t files < <(grep -rl '^# seaworthy-workflow' .github/workflows .gitea/workflows .gitlab .gitlab-ci.yml 2>/dev/null)
        case $system in
          gitlab) "$schema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "${files[@]}" ;;
          *) "$bin/actionlint" "${files[@]}" && "$schema" --builtin-schema vendor.github-workflows "${files[@]}" ;;
        esac
      )
    fi
    rm -r "$made/repository"
  done
done

echo "What Compose projects become, against Helm and Kustomize:"
"$here/convert.sh" tests/repositories/*/
