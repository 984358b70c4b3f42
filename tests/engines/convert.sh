#!/bin/bash
# Converts Compose projects in every way and compares what Helm and Kustomize make of it with the manifests. Fails where they
# differ, or where an engine refuses what was made.
#   convert.sh PROJECT…      a folder with a Compose file
# With SCHEMAS, a location of kubeconform, the manifests are held to the schemas of Kubernetes too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${ENGINES:-$HOME/.cache/seaworthy-engines}/bin
"$here/build.sh" helm kustomize
cargo build --quiet --package seaworthy
seaworthy=$(realpath "${CARGO_TARGET_DIR:-target}/debug/seaworthy")
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

# Objects in one order and one hand, without the Namespace, which a chart cannot make.
normal() {
  rm -rf "$made/normal" && mkdir "$made/normal"
  cat >"$made/normal/all.yaml"
  cat >"$made/normal/kustomization.yaml" <<'YAML'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [all.yaml]
sortOptions: {order: legacy}
patches:
  - target: {kind: Namespace}
    patch: '{"$patch": "delete", "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "any"}}'
YAML
  "$bin/kustomize" build "$made/normal"
}

for project; do
  cd "$project"
  echo "  $project"
  "$seaworthy" convert --quiet >"$made/all.yaml"
  namespace=$(sed -n '/^kind: Namespace/,/^  name:/s/^  name: //p' "$made/all.yaml" | head -n 1)
  normal <"$made/all.yaml" >"$made/manifests"
  if [ -n "${SCHEMAS:-}" ]; then
    "$bin/kubeconform" -strict -ignore-missing-schemas -schema-location "$SCHEMAS" "$made/all.yaml"
  fi

  rm -rf "$made/chart" "$made/kustomize"
  "$seaworthy" convert --quiet --to helm --out "$made/chart"
  "$bin/helm" lint --strict --quiet "$made/chart"
  "$bin/helm" template release "$made/chart" --namespace "$namespace" | normal | diff "$made/manifests" -

  "$seaworthy" convert --quiet --to kustomize --out "$made/kustomize"
  if [ -d "$made/kustomize/overlays" ]; then
    for overlay in "$made"/kustomize/overlays/*/; do
      # Its first comment names the files.
      files=$(sed -n '/^#/!q; s/^# //p' "$overlay/kustomization.yaml" | tr '\n' ' ' | sed 's/^What //; s/ make of the base\. $//; s/ and / /g')
      # shellcheck disable=SC2086
      "$seaworthy" convert --quiet $files | normal >"$made/manifests"
      "$bin/kustomize" build "$overlay" | normal | diff "$made/manifests" -
    done
  else
    "$bin/kustomize" build "$made/kustomize/base" | normal | diff "$made/manifests" -
  fi
  for component in "$made"/kustomize/components/*/; do
    [ -d "$component" ] || continue
    mkdir -p "$made/kustomize/with"
    printf 'resources: [../base]\ncomponents: [../components/%s]\n' "$(basename "$component")" >"$made/kustomize/with/kustomization.yaml"
    "$bin/kustomize" build "$made/kustomize/with" >/dev/null
  done
  cd - >/dev/null
done
