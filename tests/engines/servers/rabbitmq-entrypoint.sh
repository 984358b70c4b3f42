#!/bin/bash
# As the public image begins: gives up root, and starts the server without Debian's wrapper.
set -eu
if [ "$(id -u)" = 0 ]; then
  find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq '{}' +
  exec gosu rabbitmq "$0" "$@"
fi
exec "/usr/lib/rabbitmq/bin/$1"
