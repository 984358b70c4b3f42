#!/bin/bash
# A Docker Engine that runs, from Debian's docker.io, with a base image made of Debian packages: nothing is pulled.
#   docker.sh up       starts it where none answers, and makes seaworthy-test/debian (with Python) where it is not there
#   docker.sh down     stops it, if it was started here
# Needs root and Debian. Cold: 2 min; warm: 2 s. Its addresses lie in 198.18.0.0/15, which is set aside for tests.
# Exits with 3, and says why, where this machine cannot run one.
set -euo pipefail
run=${ENGINES:-$HOME/.cache/seaworthy-engines}/docker
base=seaworthy-test/debian:bookworm
mkdir -p "$run"

skip() { echo "skipped: $*" && exit 3; }
answers() { docker info >/dev/null 2>&1; }

case ${1:-} in
up)
  if ! answers; then
    [ "$(id -u)" = 0 ] || skip 'no Docker Engine (none answers, and starting one needs root)'
    unshare --mount true 2>/dev/null || skip 'no Docker Engine (none answers, and this machine may not mount)'
    if ! command -v dockerd >/dev/null; then
      command -v apt-get >/dev/null || skip 'no Docker Engine (none answers, and installing one needs Debian)'
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables; } >"$run/apt.log" 2>&1 ||
        { tail -5 "$run/apt.log" >&2; exit 1; }
    fi
    setsid dockerd --bip 198.18.128.1/24 --default-address-pool base=198.18.192.0/18,size=24 >"$run/dockerd.log" 2>&1 </dev/null &
    echo $! >"$run/dockerd.pid"
    for _ in $(seq 60); do answers && break || sleep 0.5; done
    answers || { echo 'dockerd does not start:' >&2; tail -5 "$run/dockerd.log" >&2; exit 1; }
  fi
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    command -v mmdebstrap >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap; } >>"$run/apt.log" 2>&1
    mmdebstrap --quiet --variant=minbase --include=python3-minimal --dpkgopt='path-exclude=/usr/share/doc/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' bookworm - 2>"$run/base.log" |
      docker import -c 'CMD ["bash"]' - "$base" >/dev/null || { tail -5 "$run/base.log" >&2; exit 1; }
  fi ;;
down)
  [ ! -f "$run/dockerd.pid" ] || { kill "$(cat "$run/dockerd.pid")" 2>/dev/null || true; rm -f "$run/dockerd.pid"; } ;;
*)
  sed -n '2,6s/^# \?//p' "$0" && exit 2 ;;
esac
