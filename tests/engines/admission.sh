#!/bin/bash
# Asks a real API server whether it takes what Compose projects become: each object, in a namespace that enforces the Pod
# Security level that the conversion chose. Nothing is made for good but namespaces: every request is a dry run.
#   admission.sh [PATH]…     PATH: a Compose file or the directory of one; none: the repositories of our tests
# SEAWORTHY names the program; without it, the development build is made and asked.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${ENGINES:-$HOME/.cache/seaworthy-engines}
"$here/build.sh" apiserver
cd "$here/../.."
if [ -z "${SEAWORTHY:-}" ]; then
  cargo build --quiet --package seaworthy
  SEAWORTHY=$(realpath "${CARGO_TARGET_DIR:-target}/debug/seaworthy")
fi
[ $# -gt 0 ] || set -- tests/repositories/{archon,shop,sutazai}

made=$(mktemp -d)
trap '"$here/apiserver.sh" down; rm -rf "$made"' EXIT
"$here/apiserver.sh" up
kubectl() { "$root/bin/kubectl" --kubeconfig "$root/apiserver/admin.kubeconfig" "$@"; }

failed=0 taken=0 unconverted=0

# Asks about the manifests in a folder; what is refused, and what it warns of, goes to the file `refused`.
ask() { kubectl apply --dry-run=server -f "$1" >"$made/out" 2>"$made/refused"; }

# Of pods in a workload the server only warns. Where the conversion says that some cannot be restricted, that is what it warns of.
is_wrong() { # folder, level
  ! ask "$1" || { [ "$2" = restricted ] && grep -q Warning "$made/refused"; }
}

# Asks about all projects of a batch at once, since most of the time goes to starting kubectl, and about each where one is refused.
flush() {
  [ -d "$made/batch" ] || return 0
  kubectl apply -f "$made/spaces" >/dev/null
  local level project
  for level in restricted baseline; do
    [ -d "$made/batch/$level" ] || continue
    if is_wrong "$made/batch/$level" "$level"; then
      for project in "$made/batch/$level"/*.yaml; do
        if is_wrong "$project" "$level"; then
          echo "refused: $(cat "$made/names/$(basename "$project")")"
          sed 's/^/    /' "$made/refused" | head -n 20
          failed=$((failed + 1))
        fi
        taken=$((taken + $(wc -l <"$made/out")))
      done
    else
      taken=$((taken + $(wc -l <"$made/out")))
    fi
  done
  rm -rf "$made/batch" "$made/spaces" "$made/names"
}

for path; do
  # 1 is "something was refused and said", and is not ours to judge here; what is not converted is said too.
  "$SEAWORTHY" convert --quiet --profile '*' "$path" >"$made/all.yaml" 2>"$made/errors" || [ $? = 1 ] || {
    echo "not converted: $path: $(head -n 1 "$made/errors")"
    unconverted=$((unconverted + 1))
    continue
  }
  # The first object is the Namespace, which has to be there before anything can be tried in it.
  space=$(sed -n 's/^  name: //p;/^---$/q' "$made/all.yaml" | head -n 1 | tr -d '"')
  level=$(sed -n 's/.*pod-security.kubernetes.io\/enforce: //p;/^---$/q' "$made/all.yaml" | head -n 1)
  # Projects of one name have one namespace, which enforces one level.
  [ ! -e "$made/spaces/$space.yaml" ] || flush
  mkdir -p "$made/spaces" "$made/names" "$made/batch/$level"
  sed '/^---$/Q' "$made/all.yaml" >"$made/spaces/$space.yaml"
  echo "$path" >"$made/names/$space.yaml"
  mv "$made/all.yaml" "$made/batch/$level/$space.yaml"
  [ "$(ls "$made/names" | wc -l)" -lt 20 ] || flush
done
flush
echo "$# projects, $unconverted of them none, $taken objects taken, $failed projects with something refused"
[ "$failed" = 0 ]
