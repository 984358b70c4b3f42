#!/bin/sh
set -e

echo "starting worker with queue in $QUEUE_DIR"

exec "$@"
