#!/bin/bash
# Asks a real API server whether it takes what Compose projects become: each object, in a namespace that enforces the Pod
# Security level that the conversion chose. Nothing is made for good: every request is a dry run.
#   admission.sh [PATH]…     PATH: a Compose file or the directory of one; none: the repositories of our tests
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${ENGINES:-$HOME/.cache/seaworthy-engines}
"$here/build.sh" apiserver
cd "$here/../.."
[ -n "${SEAWORTHY_BUILT:-}" ] || cargo build --quiet --package seaworthy
seaworthy=$(realpath "${CARGO_TARGET_DIR:-target}/debug/seaworthy")
[ $# -gt 0 ] || set -- tests/repositories/{archon,shop,sutazai}

made=$(mktemp -d)
trap '"$here/apiserver.sh" down; rm -rf "$made"' EXIT
"$here/apiserver.sh" up
kubectl() { "$root/bin/kubectl" --kubeconfig "$root/apiserver/admin.kubeconfig" "$@"; }

failed=0 taken=0
for path; do
  # 1 is "something was refused and said", and is not ours to judge here; what is not converted is said too.
  "$seaworthy" convert --quiet --profile '*' "$path" >"$made/all.yaml" 2>"$made/errors" || [ $? = 1 ] || {
    echo "not converted: $path: $(head -n 1 "$made/errors")"
    continue
  }
  # The namespace has to be there before anything can be tried in it.
  sed '/^---$/Q' "$made/all.yaml" | kubectl apply -f - >/dev/null
  # Of pods in a workload it only warns. Where the conversion says that some cannot be restricted, that is what it warns of.
  level=$(grep -m 1 -o 'enforce: .*' "$made/all.yaml")
  if ! kubectl apply --dry-run=server -f "$made/all.yaml" >"$made/out" 2>"$made/refused" ||
    { [ "$level" = 'enforce: restricted' ] && grep -q Warning "$made/refused"; }; then
    echo "refused: $path"
    sed 's/^/    /' "$made/refused" | head -n 20
    failed=$((failed + 1))
  fi
  taken=$((taken + $(wc -l <"$made/out")))
done
echo "$# projects, $taken objects taken, $failed projects with something refused"
[ "$failed" = 0 ]
