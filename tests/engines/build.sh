#!/bin/bash
# Builds the engines that tests compare with into ${ENGINES:-~/.cache/seaworthy-engines}/bin, once for each state of their folders.
#   build.sh [actionlint] [apiserver] [buildkit] [compose] [dockerfile-oracle] [dockerignore-oracle] [kubeconform]   no name: all
# Needs Go alone. Cold, on two cores: the API server 5 min, compose and buildkit 80 s each, the others 20 s each.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${ENGINES:-$HOME/.cache/seaworthy-engines}/bin
mkdir -p "$out"

build() { # folder, package, binary, module and the variable that has its version, further flags
  local folder=$1 package=$2 binary=$3 variable=$4 state ldflags='-s -w'
  shift 4
  cd "$here/$folder"
  state=$(cat -- * "$here/build.sh" | sha256sum)
  if [ -x "$out/$binary" ] && [ "$(cat "$out/.$binary.state" 2>/dev/null)" = "$state" ]; then return; fi
  echo "building $binary"
  [ -z "$variable" ] || ldflags+=" -X ${variable#* }=$(go list -m -f '{{.Version}}' "${variable% *}")"
  go build -trimpath -ldflags "$ldflags" "$@" -o "$out/$binary" "$package"
  echo "$state" >"$out/.$binary.state"
}

[ $# -gt 0 ] || set -- actionlint apiserver buildkit compose dockerfile-oracle dockerignore-oracle kubeconform
for engine; do
  case $engine in
    actionlint) build actionlint github.com/rhysd/actionlint/cmd/actionlint actionlint '' ;;
    apiserver)
      build etcd go.etcd.io/etcd/server/v3 etcd ''
      build kubernetes k8s.io/kubernetes/cmd/kube-apiserver kube-apiserver 'k8s.io/kubernetes k8s.io/component-base/version.gitVersion'
      build kubernetes k8s.io/kubernetes/cmd/kubectl kubectl '' ;;
    buildkit)
      build buildkit github.com/moby/buildkit/cmd/buildkitd buildkitd ''
      build buildkit github.com/moby/buildkit/cmd/buildctl buildctl '' ;;
    compose) build compose github.com/docker/compose/v5/cmd docker-compose 'github.com/docker/compose/v5 github.com/docker/compose/v5/internal.Version' ;;
    dockerfile-oracle)
      build dockerfile-oracle . dockerfile-oracle '' -tags dfparents,dfexcludepatterns,dfrunsecurity ;;
    dockerignore-oracle) build dockerignore-oracle . dockerignore-oracle '' ;;
    helm) build helm helm.sh/helm/v3/cmd/helm helm '' ;;
    kustomize) build kustomize sigs.k8s.io/kustomize/kustomize/v5 kustomize '' ;;
    kubeconform) build kubeconform github.com/yannh/kubeconform/cmd/kubeconform kubeconform '' ;;
    *)
      echo "unknown engine: $engine" >&2
      exit 2
      ;;
  esac
done
