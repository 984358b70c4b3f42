#!/bin/bash
# A Kubernetes API server over etcd, and nothing that runs pods: it says what a real cluster would refuse.
#   apiserver.sh up | down       KUBECONFIG is ${ENGINES:-~/.cache/seaworthy-engines}/apiserver/admin.kubeconfig
# Built by build.sh; starts in 5 s. APISERVER_FLAGS: more flags of kube-apiserver, in words.
set -euo pipefail
root=${ENGINES:-$HOME/.cache/seaworthy-engines}
bin=$root/bin run=$root/apiserver
api=https://127.0.0.1:16443

start() { # name, command...
  local name=$1
  shift
  setsid "$@" >"$run/$name.log" 2>&1 &
  echo $! >"$run/$name.pid"
}

stop() { # name
  local pid
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 20); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.25; done
  kill -KILL "$pid" 2>/dev/null || true
}

up() {
  down
  mkdir -p "$run/pki"
  openssl genrsa -out "$run/pki/sa.key" 2048 2>/dev/null
  echo 'admin-token,admin,admin,"system:masters"' >"$run/tokens.csv"
  cat >"$run/admin.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$api", certificate-authority: $run/pki/apiserver.crt, tls-server-name: kubernetes}}]
users: [{name: admin, user: {token: admin-token}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
K
  start etcd "$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn --listen-client-urls http://127.0.0.1:12379 \
    --advertise-client-urls http://127.0.0.1:12379 --listen-peer-urls http://127.0.0.1:12380
  start apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:12379 --secure-port=16443 --bind-address=127.0.0.1 \
    --cert-dir="$run/pki" --service-cluster-ip-range=198.19.0.0/16 --token-auth-file="$run/tokens.csv" \
    --authorization-mode=RBAC --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$run/pki/sa.key" --service-account-signing-key-file="$run/pki/sa.key" \
    ${APISERVER_FLAGS:-}
  for _ in $(seq 240); do
    "$bin/kubectl" --kubeconfig "$run/admin.kubeconfig" get --raw /readyz >/dev/null 2>&1 && return
    sleep 0.25
  done
  echo "the API server did not come up:" >&2
  tail -n 5 "$run/apiserver.log" >&2
  exit 1
}

down() {
  [ -d "$run" ] || return 0
  stop apiserver
  stop etcd
  rm -rf "$run"
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: apiserver.sh up | down" >&2
    exit 2
    ;;
esac
