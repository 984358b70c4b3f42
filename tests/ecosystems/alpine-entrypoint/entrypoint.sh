#!/bin/sh
set -eu

echo "serving as $(id -u)"
exec "$@"
