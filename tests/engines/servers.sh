#!/bin/bash
# Builds real servers of Debian packages (servers/Dockerfile) and lets `verify docker --learn` find the strictest settings of each.
#   servers.sh [NAME]…      no NAME: all ten. Prints what was found; fails where a server is not healthy in every start.
# Needs a Docker Engine (docker.sh up). Cold: 10 min and 4 GB, both of it mostly packages; the images are removed in the end.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- nginx httpd postgres redis memcached mariadb rabbitmq uvicorn node java
program=${SEAWORTHY:-$here/../../target/debug/seaworthy}
work=$(mktemp -d)
images=()
trap 'rm -rf "$work"; [ ${#images[@]} = 0 ] || docker rmi -f "${images[@]}" >/dev/null' EXIT
for server; do
  image=seaworthy-test/$server
  DOCKER_BUILDKIT=0 docker build --quiet --target "$server" --tag "$image" --file "$here/servers/Dockerfile" "$here" >/dev/null 2>"$work/log" ||
    { tail -20 "$work/log" >&2; exit 1; }
  images+=("$image")
  # One after the other: a start that waits for the processor is no start that fails.
  (cd "$work" && "$program" verify docker --quiet --learn --ignore all "$image") || { echo "$server: not verified" >&2; exit 1; }
done
wrong=0
for image in "${images[@]}"; do
  grep -q "^image = \"$image\"$" "$work/seaworthy-measured.toml" || { echo "$image: nothing was learned" >&2; wrong=1; }
done
healthy=$(grep -c '^healthy = 10$' "$work/seaworthy-measured.toml")
echo "$healthy of ${#images[@]} healthy in 10 of 10 starts under the strictest settings"
[ "$wrong" = 0 ] && [ "$healthy" = ${#images[@]} ]
