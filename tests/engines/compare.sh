#!/bin/bash
# Compares what we read with what the engines read. Fails where they differ, or where an engine cannot be built.
#   compare.sh [DIR]…      no DIR: BuildKit's own test data, and the repositories beside this folder
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${ENGINES:-$HOME/.cache/seaworthy-engines}/bin
"$here/build.sh" compose dockerfile-oracle

if [ $# = 0 ]; then
  buildkit=$(cd "$here/dockerfile-oracle" && go mod download github.com/moby/buildkit && go list -m -f '{{.Dir}}' github.com/moby/buildkit)
  for data in "$buildkit"/frontend/dockerfile/parser/testfiles{,-negative} "$here/../repositories"; do
    [ ! -d "$data" ] || set -- "$@" "$data"
  done
fi

cd "$here/../.."
echo "Dockerfiles, against BuildKit:"
find "$@" -type f \( -iname 'dockerfile*' -o -iname '*.dockerfile' -o -iname 'containerfile*' \) ! -iname '*.dockerignore' ! -iname '*.md' |
  sort | "$bin/dockerfile-oracle" parse | cargo run --quiet --package seaworthy-syntax --example compare_dockerfiles
