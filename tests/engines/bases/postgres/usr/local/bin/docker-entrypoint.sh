#!/bin/bash
set -e
if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA" && chmod 00700 "$PGDATA" || :
  if [ "$(id -u)" = 0 ]; then
    chown -R postgres "$PGDATA" /var/run/postgresql
    exec gosu postgres "$BASH_SOURCE" "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    [ -n "$POSTGRES_PASSWORD" ] || { echo 'Error: POSTGRES_PASSWORD is not set.' >&2; exit 1; }
    initdb --username=postgres --pwfile=<(echo "$POSTGRES_PASSWORD") --auth-host=scram-sha-256 --no-sync
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
    for script in /docker-entrypoint-initdb.d/*.sql; do
      [ ! -f "$script" ] || psql -v ON_ERROR_STOP=1 -U postgres -f "$script"
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
  fi
  set -- "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
fi
exec "$@"
