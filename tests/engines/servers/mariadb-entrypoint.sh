#!/bin/bash
# As the public image begins: gives up root, and makes the data directory where it is empty.
set -eu
if [ "$(id -u)" = 0 ]; then
  find /var/lib/mysql /run/mysqld ! -user mysql -exec chown mysql: '{}' +
  exec gosu mysql "$0" "$@"
fi
[ -d /var/lib/mysql/mysql ] || mariadb-install-db --auth-root-authentication-method=normal --skip-test-db >/dev/null
exec "$@"
