#!/bin/sh
echo "version ${VERSION:-unknown}" > /tmp/version
nginx -g "daemon off;"
