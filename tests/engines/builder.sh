#!/bin/bash
# A BuildKit that runs, with base images made of Debian packages that stand in for public ones.
#   builder.sh up      starts it and makes the images where they are not made yet; then prints its folder, which holds
#                      buildkitd.sock, oci (an OCI layout of the images) and bases (a line each: name, digest)
#   builder.sh down
# Needs root, Debian and Go; the toolchains of golang and rust images are this machine's. Cold, on two busy cores: some 10 min; warm: 1 s.
# Exits with 3, and says why, where this machine cannot build images.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
engines=${ENGINES:-$HOME/.cache/seaworthy-engines}
run=$engines/builder
export PATH=$engines/bin:$PATH BUILDKIT_HOST=unix://$run/buildkitd.sock
suite=bookworm npm=10.9.4 npm_sha256=4bfba8a0c823024d1926ec9d97a37a00eb60fd2adf44b3d34a686fc32e8f51e4
log=$run/log

skip() { echo "skipped: $*" && exit 3; }
alive() { buildctl --timeout 5 debug workers >/dev/null 2>&1; }

packages() {
  local missing=()
  for pair in runc:runc mmdebstrap:mmdebstrap setfattr:attr curl:curl; do command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}"); done
  [ ${#missing[@]} = 0 ] && return
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
} >>"$log" 2>&1

# What this machine trusts, and where it fetches packages from: images are built as if they were this machine.
machine() {
  local to=$run/machine registry index
  rm -rf "$to" && mkdir -p "$to"/etc/{ssl/certs,uv,apt/apt.conf.d} "$to"/usr/local/etc
  cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$to/etc/ssl/certs/ca-certificates.crt"
  cat "$to/etc/ssl/certs/ca-certificates.crt" >"$to/etc/ssl/cert.pem"
  index=${PIP_INDEX_URL:-$(pip config get global.index-url 2>/dev/null || true)}
  {
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    [ -z "$index" ] || echo "index-url = $index"
  } >"$to/etc/pip.conf"
  {
    echo 'native-tls = true'
    [ -z "${UV_INDEX_URL:-$index}" ] || echo "index-url = \"${UV_INDEX_URL:-$index}\""
  } >"$to/etc/uv/uv.toml"
  registry=${NPM_CONFIG_REGISTRY:-$(npm config get registry 2>/dev/null || echo https://registry.npmjs.org/)}
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\nupdate-notifier=false\nfund=false\naudit=false\nregistry=%s\n' "$registry" >"$to/usr/local/etc/npmrc"
  apt-config dump --format '%F "%v";%n' Acquire | grep -E '^Acquire::(http|https|Check|Retries)[^ ]* "[^"]' >"$to/etc/apt/apt.conf.d/99machine" || true
  [ -d "$run/npm/package" ] || {
    mkdir -p "$run/npm" && curl -fsSL -o "$run/npm/npm.tgz" "${registry%/}/npm/-/npm-$npm.tgz"
    echo "$npm_sha256  $run/npm/npm.tgz" | sha256sum -c --quiet
    tar -C "$run/npm" -xf "$run/npm/npm.tgz"
  }
}

tree() {
  local sources=(/etc/apt/sources.list.d/debian.sources)
  [ -s "$run/debian.tar" ] && return
  [ -f "${sources[0]}" ] && grep -q "\b$suite\b" "${sources[0]}" || sources=("deb http://deb.debian.org/debian $suite main")
  mmdebstrap --quiet --variant=minbase --include=adduser,ca-certificates,tzdata \
    --aptopt="$run/machine/etc/apt/apt.conf.d/99machine" --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='force-unsafe-io' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    "$suite" "$run/debian.new.tar" "${sources[@]}"
  mv "$run/debian.new.tar" "$run/debian.tar"
} >>"$log" 2>&1

# The compiler, Cargo and the standard library of this machine's Rust: the rest is four times as much.
rust() {
  local from to=$run/rust
  from=$(rustc --print sysroot)
  rm -rf "$to" && mkdir -p "$to/bin" "$to/lib/rustlib"
  cp -aL "$from"/bin/{rustc,cargo} "$to/bin/"
  cp -aL "$from"/lib/*.so* "$to/lib/"
  cp -aL "$from/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')" "$to/lib/rustlib/"
}

image() { # its stage, what else to pass
  local proxies=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || proxies+=(--opt "build-arg:$name=${!name}")
  done
  buildctl build --progress plain --frontend dockerfile.v0 --local context="$run/context" --local dockerfile="$run/context" \
    --opt target="$1" "${proxies[@]}" "${@:2}" \
    --opt context:machine=local:machine --local machine="$run/machine" \
    --opt context:npm=local:npm --local npm="$run/npm" --opt context:go-toolchain=local:go --local go="$(go env GOROOT)" \
    --opt context:rust-toolchain=local:rust --local rust="$run/rust" >"$run/image.$1.log" 2>&1 || {
    echo "the image $1 cannot be built:" >&2
    tail -40 "$run/image.$1.log" >&2
    return 1
  }
}

bases() {
  local state stage names name digest
  state=$(cd "$here" && { find bases -type f -exec sha256sum {} + | sort; sha256sum builder.sh; go version; rustc -V; } | sha256sum)
  if [ "$(cat "$run/bases.state" 2>/dev/null)" = "$state" ]; then return; fi
  rm -rf "$run/oci"
  machine
  tree
  rust
  rm -rf "$run/context" && cp -a "$here/bases" "$run/context" && ln "$run/debian.tar" "$run/context/"
  : >"$run/bases.new"
  export -f image
  export run
  grep -v '^#' "$here/bases/names" >"$run/names"
  cut -d' ' -f1 "$run/names" | xargs -P 3 -I STAGE bash -euc 'image STAGE'
  # One at a time: the layout is one folder.
  while read -r stage names; do
    image "$stage" --metadata-file "$run/meta.$stage" --output "type=oci,tar=false,dest=$run/oci,name=$stage,compression=uncompressed"
    digest=$(sed -n 's/.*"containerimage.digest": "\([^"]*\)".*/\1/p' "$run/meta.$stage")
    for name in $names; do echo "$name $digest" >>"$run/bases.new"; done
  done <"$run/names"
  mv "$run/bases.new" "$run/bases"
  echo "$state" >"$run/bases.state"
}

case ${1:-} in
up)
  [ "$(id -u)" = 0 ] || skip 'building images (needs root)'
  unshare --mount true 2>/dev/null || skip 'building images (may not mount)'
  command -v apt-get >/dev/null || skip 'building images (needs Debian)'
  mkdir -p "$run"
  "$here/build.sh" buildkit >&2
  packages || { tail -5 "$log" >&2; exit 1; }
  if ! alive; then
    printf '[worker.oci]\n  gc = true\n  [[worker.oci.gcpolicy]]\n    all = true\n    reservedSpace = "20GB"\n' >"$run/buildkitd.toml"
    setsid buildkitd --config "$run/buildkitd.toml" --root "$run/root" --addr "$BUILDKIT_HOST" --oci-worker=true --containerd-worker=false \
      >"$run/buildkitd.log" 2>&1 </dev/null &
    echo $! >"$run/buildkitd.pid"
    for _ in $(seq 60); do alive && break || sleep 0.5; done
    alive || { echo 'BuildKit does not start:' >&2; tail -5 "$run/buildkitd.log" >&2; exit 1; }
  fi
  bases
  echo "$run" ;;
down)
  [ ! -f "$run/buildkitd.pid" ] || { kill "$(cat "$run/buildkitd.pid")" 2>/dev/null || true; rm -f "$run/buildkitd.pid"; } ;;
*)
  sed -n '2,7s/^# \?//p' "$0" && exit 2 ;;
esac
