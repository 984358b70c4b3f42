#!/bin/sh
# Writes each template, with the variables that are set, into the folder of the configuration.
set -e
templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates} suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template} output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
[ -d "$templates" ] || exit 0
if [ ! -w "$output" ]; then
  echo "$0: $templates exists, but $output is not writable" >&2
  exit 0
fi
variables=$(env | cut -d= -f1 | grep -E "${NGINX_ENVSUBST_FILTER:-.}" | sed 's/.*/${&}/' | tr '\n' ' ')
find "$templates" -follow -type f -name "*$suffix" | while read -r template; do
  name=${template#"$templates"/}
  envsubst "$variables" <"$template" >"$output/${name%"$suffix"}"
done
