#!/bin/bash
# Runs `verify docker` on a Docker Engine whose disk is full: one of its own, with a root of 96 MB in memory.
# Fails unless it says so, ends with 2, and the next run, once there is room, leaves nothing. Needs what docker.sh needs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${SEAWORTHY:-$here/../../target/debug/seaworthy}
work=$(mktemp -d)
engine=
trap '[ -z "$engine" ] || { kill "$engine" 2>/dev/null; wait "$engine" 2>/dev/null || true; }; umount --lazy "$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work"/{root,image,project}
mount -t tmpfs -o size=96m,mode=711 tmpfs "$work/root"
export DOCKER_HOST=unix://$work/docker.sock
# In a network of its own: a second engine would take away the bridge of the first.
unshare --net dockerd --data-root "$work/root" --exec-root "$work/exec" --pidfile "$work/pid" --host "$DOCKER_HOST" --bridge none --iptables=false \
  --default-address-pool base=203.0.113.0/24,size=27 >"$work/log" 2>&1 &
engine=$!
for _ in $(seq 60); do docker info >/dev/null 2>&1 && break || sleep 0.5; done
docker info >/dev/null 2>&1 || { tail -5 "$work/log" >&2; exit 1; }

# One program and what it links with.
mkdir -p "$work/image/bin"
cp /bin/sleep "$work/image/bin/"
ldd /bin/sleep | grep -o '/[^ ]*' | while read -r library; do install -D "$library" "$work/image$library"; done
tar -C "$work/image" -c . | docker import -c 'CMD ["sleep", "1000"]' - seaworthy-test/sleep >/dev/null
printf 'services:\n  sleeper:\n    image: seaworthy-test/sleep\n    init: true\n' >"$work/project/compose.yaml"

run() { code=0; said=$(cd "$work/project" && "$program" verify docker --quiet 2>&1) || code=$?; }
left() { docker ps --all --quiet --filter label=dev.seaworthy.run; docker network ls --quiet --filter label=dev.seaworthy.run; docker volume ls --quiet --filter label=dev.seaworthy.run; }
dd if=/dev/zero of="$work/root/fill" bs=64k >/dev/null 2>&1 || true
run
[ "$code" = 2 ] && grep -q "disk is full" <<<"$said" || { echo "a full disk: exit $code, $said" >&2; exit 1; }
rm "$work/root/fill"
run
[ "$code" = 1 ] || { echo "with room again: exit $code, $said" >&2; exit 1; }
[ -z "$(left)" ] || { echo "left behind: $(left)" >&2; exit 1; }
echo 'a full disk is said, and nothing is left once there is room'
