#!/bin/sh
set -e
case ${1-} in -*) set -- haproxy "$@" ;; esac
case $1 in haproxy) shift; set -- haproxy -W -db "$@" ;; esac
exec "$@"
