#!/bin/sh
set -e
# An option, a script or anything that is no command is for node.
case ${1-} in
-* | '') set -- node "$@" ;;
*) [ -n "$(command -v -- "$1")" ] && ! { [ -f "$1" ] && ! [ -x "$1" ]; } || set -- node "$@" ;;
esac
exec "$@"
