#!/bin/bash
# A Kubernetes cluster of one node: etcd, API server, controllers, scheduler, kubelet, kube-proxy, containerd, CNI, CoreDNS.
#   cluster.sh up                    starts it; KUBECONFIG is ${ENGINES:-~/.cache/seaworthy-engines}/cluster/admin.kubeconfig
#   cluster.sh image NAME PORTS [NAME=VALUE]…   makes an image that answers HTTP on these ports (cluster/stub), with a shell, on the node
#   cluster.sh enforce on | off      keeps the cluster to its NetworkPolicies (cluster/enforcer.py), or no longer
#   cluster.sh down
# Needs root, Debian and Go. Cold, on two cores: some 8 min, of which the API server is 5; warm: 15 s, 900 MB of memory.
# All addresses lie in 198.18.0.0/15, which is set aside for tests, and are routed to a bridge of this machine.
# Exits with 3, and says why, where this machine cannot run one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${ENGINES:-$HOME/.cache/seaworthy-engines}
bin=$root/bin run=$root/cluster
api=https://127.0.0.1:17443 etcd=http://127.0.0.1:17379
pods=198.18.0.0/17 node_pods=198.18.0.0/24 bridge=198.18.0.1 services=198.19.0.0/16
socket=$run/containerd/containerd.sock

skip() { echo "skipped: $*" && exit 3; }
kubectl() { "$bin/kubectl" --kubeconfig "$run/admin.kubeconfig" "$@"; }
ctr() { command ctr -a "$socket" -n k8s.io "$@"; }

start() { # name, command...
  local name=$1
  shift
  setsid "$@" >"$run/log/$name.log" 2>&1 </dev/null &
  echo $! >"$run/$name.pid"
}

stop() { # name
  local pid
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return 0
  rm -f "$run/$1.pid"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 12); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.25; done
  kill -KILL "$pid" 2>/dev/null || true
}

wait_for() { # name of its log, seconds, command...
  local name=$1 n=$(($2 * 4))
  shift 2
  for _ in $(seq $n); do "$@" >/dev/null 2>&1 && return; sleep 0.25; done
  echo "$name does not come up:" >&2
  tail -n 5 "$run/log/$name.log" >&2
  exit 1
}

build() { # folder, package, binary, version
  local state ldflags='-s -w'
  state=$(cd "$here/$1" && { cat -- *; echo "$2"; } | sha256sum)
  if [ -x "$bin/$3" ] && [ "$(cat "$bin/.$3.state" 2>/dev/null)" = "$state" ]; then return; fi
  echo "building $3"
  [ -z "$4" ] || ldflags+=" -X k8s.io/component-base/version.gitVersion=$4"
  (cd "$here/$1" && go build -trimpath -ldflags "$ldflags" -o "$bin/$3" "$2")
  echo "$state" >"$bin/.$3.state"
}

engines() {
  local version name
  "$here/build.sh" apiserver
  version=$(cd "$here/kubernetes" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
  for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do build kubernetes k8s.io/kubernetes/cmd/$name $name "$version"; done
  build coredns . coredns ''
  # Its images have no libraries.
  CGO_ENABLED=0 build cluster/stub . cluster-stub ''
}

packages() {
  local missing=()
  for pair in containerd:containerd runc:runc iptables:iptables conntrack:conntrack ipset:ipset busybox:busybox-static gcc:gcc python3:python3; do
    command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ -x /usr/lib/cni/bridge ] || missing+=(containernetworking-plugins)
  [ ${#missing[@]} = 0 ] && return
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
} >"$root/cluster-apt.log" 2>&1

kubeconfig() { # user, token
  cat >"$run/$1.kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$api", certificate-authority: $run/pki/apiserver.crt, tls-server-name: kubernetes}}]
users: [{name: $1, user: {token: $2}}]
contexts: [{name: test, context: {cluster: test, user: $1}}]
current-context: test
K
}

apiserver() {
  start apiserver "$bin/kube-apiserver" --etcd-servers=$etcd --secure-port=17443 --bind-address=127.0.0.1 \
    --advertise-address="$ip" --cert-dir="$run/pki" --service-cluster-ip-range=$services --allow-privileged=true \
    --token-auth-file="$run/tokens.csv" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$run/pki/sa.key" \
    --service-account-signing-key-file="$run/pki/sa.key" --kubelet-preferred-address-types=InternalIP
  wait_for apiserver 60 kubectl get --raw /readyz
}

control_plane() {
  mkdir -p "$run"/{pki,log}
  openssl genrsa -out "$run/pki/sa.key" 2048 2>/dev/null
  cat >"$run/tokens.csv" <<T
admin-token,admin,admin,"system:masters"
controllers-token,system:kube-controller-manager,controllers
scheduler-token,system:kube-scheduler,scheduler
proxy-token,system:kube-proxy,proxy
node-token,system:node:node1,node1,"system:nodes"
T
  for who in admin controllers scheduler proxy node; do kubeconfig $who $who-token; done
  start etcd "$bin/etcd" --data-dir "$run/etcd" --unsafe-no-fsync --log-level warn --listen-client-urls $etcd \
    --advertise-client-urls $etcd --listen-peer-urls http://127.0.0.1:17380
  apiserver
}

node() {
  mkdir -p "$run"/{cni,containerd}
  # restrict_oom_score_adj: where CAP_SYS_RESOURCE is missing, runc dies with "can't get final child's PID from pipe: EOF" without it.
  cat >"$run/containerd.toml" <<T
version = 2
root = "$run/containerd/root"
state = "$run/containerd/state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "docker.io/seaworthy-test/pause:1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
T
  cat >"$run/cni/10-bridge.conflist" <<T
{"cniVersion": "0.4.0", "name": "test", "plugins": [
  {"type": "bridge", "bridge": "cni-test0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$run/addresses", "ranges": [[{"subnet": "$node_pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
T
  # failCgroupV1: Kubernetes 1.35 and later refuse version 1 by default.
  cat >"$run/kubelet.yaml" <<T
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
address: $ip
containerRuntimeEndpoint: unix://$socket
evictionHard: {nodefs.available: "100Mi", imagefs.available: "100Mi", nodefs.inodesFree: "1000", imagefs.inodesFree: "1000", memory.available: "50Mi"}
evictionPressureTransitionPeriod: 5s
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
clusterDNS: [$bridge]
clusterDomain: cluster.local
registerNode: true
T
  start containerd containerd -c "$run/containerd.toml"
  wait_for containerd 20 ctr version
  start controllers "$bin/kube-controller-manager" --kubeconfig="$run/controllers.kubeconfig" --leader-elect=false \
    --service-account-private-key-file="$run/pki/sa.key" --root-ca-file="$run/pki/apiserver.crt" --use-service-account-credentials \
    --allocate-node-cidrs --cluster-cidr=$pods --service-cluster-ip-range=$services
  start scheduler "$bin/kube-scheduler" --kubeconfig="$run/scheduler.kubeconfig" --leader-elect=false
  start kubelet "$bin/kubelet" --config="$run/kubelet.yaml" --kubeconfig="$run/node.kubeconfig" --hostname-override=node1 \
    --root-dir="$run/kubelet" --node-ip="$ip"
  start proxy "$bin/kube-proxy" --kubeconfig="$run/proxy.kubeconfig" --hostname-override=node1 --cluster-cidr=$pods \
    --proxy-mode=iptables --conntrack-max-per-core=0
  images
  wait_for kubelet 60 kubectl wait --for=condition=Ready node/node1 --timeout=1s
  # Pods ask the bridge's own address for names; the address exists once the bridge does.
  ip link show cni-test0 >/dev/null 2>&1 || { ip link add cni-test0 type bridge; ip addr add $bridge/24 dev cni-test0; ip link set cni-test0 up; }
  ip route replace $services dev cni-test0
  # Where packets of a bridge do not pass iptables, Services are not reached from the pods behind it, and nothing is enforced.
  modprobe br_netfilter 2>/dev/null || true
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
  sysctl -qw net.ipv4.ip_forward=1 2>/dev/null || true
  # A Docker Engine sets the policy of FORWARD to DROP.
  for way in -s -d; do iptables -C FORWARD $way $node_pods -j ACCEPT 2>/dev/null || iptables -A FORWARD $way $node_pods -j ACCEPT; done
  cat >"$run/Corefile" <<T
.:53 {
  bind $bridge
  kubernetes cluster.local {
    kubeconfig $run/admin.kubeconfig test
  }
  errors
}
T
  start coredns "$bin/coredns" -conf "$run/Corefile"
}

import() { "$here/cluster/image.py" "$@" | ctr images import - >/dev/null; }

images() {
  local made=$run/images
  mkdir -p "$made"/pause "$made"/busybox/{bin,etc,tmp}
  gcc -O2 -static -o "$made/pause/pause" "$here/cluster/pause.c"
  import docker.io/seaworthy-test/pause:1 "$made/pause" --entrypoint /pause
  cp "$(command -v busybox)" "$made/busybox/bin/busybox"
  busybox --list | grep -vx busybox | while read -r name; do ln -sf busybox "$made/busybox/bin/$name"; done
  # Without it a static glibc loads libraries that are not there, and wget ends with SIGSEGV.
  printf 'hosts: files dns\nservices: files\nprotocols: files\n' >"$made/busybox/etc/nsswitch.conf"
  printf 'http 80/tcp\nhttps 443/tcp\n' >"$made/busybox/etc/services"
  import docker.io/seaworthy-test/busybox:1 "$made/busybox" --command sh --env PATH=/bin
}

image() { # name, ports, variables...
  local name=$1 ports=$2 made=$run/images/stub own
  shift 2
  # Health checks look for a process of this name.
  own=${name##*/} && own=${own%%[:@]*}
  if [ ! -d "$made" ]; then
    cp -a "$run/images/busybox" "$made"
    cp "$bin/cluster-stub" "$made/bin/stub"
    for program in python python3 uvicorn gunicorn celery node npm nginx redis-server redis-cli postgres pg_isready curl nc perl mysqladmin mongosh \
      mongod ollama java consul kong rabbitmq-diagnostics cypher-shell docker-entrypoint.sh entrypoint.sh; do ln -sf stub "$made/bin/$program"; done
  fi
  [ -e "$made/bin/$own" ] || ln -s stub "$made/bin/$own"
  import "$name" "$made" --entrypoint "/bin/$own" --user 65532 --env PATH=/bin --env "STUB_PORTS=$ports" "${@/#/--env=}"
}

enforce() { # on or off
  stop enforcer
  for chain in SEAWORTHY-EGRESS SEAWORTHY-INGRESS; do iptables -D FORWARD -j $chain 2>/dev/null || true; done
  iptables-save -t filter | sed -n 's/^:\(SEAWORTHY-[A-Z]*\|SW-[EI]-[0-9]*\) .*/\1/p' >"$run/chains"
  xargs -r -n 1 iptables -F <"$run/chains"
  xargs -r -n 1 iptables -X <"$run/chains"
  [ "$1" = on ] || return 0
  start enforcer python3 "$here/cluster/enforcer.py" "$bin/kubectl" "$run/admin.kubeconfig"
  # It puts its chains in front once they hold the policies that there are.
  wait_for enforcer 30 iptables -C FORWARD -j SEAWORTHY-INGRESS
}

down() {
  [ -d "$run" ] || return 0
  [ ! -f "$run/kubelet.pid" ] || timeout 20 "$bin/kubectl" --kubeconfig "$run/admin.kubeconfig" delete pods --all --all-namespaces --force \
    --grace-period=0 >/dev/null 2>&1 || true
  enforce off
  for name in kubelet proxy coredns controllers scheduler apiserver etcd; do stop $name; done
  for task in $(ctr tasks ls -q 2>/dev/null); do ctr tasks rm -f "$task" >/dev/null 2>&1 || true; done
  stop containerd
  sleep 1
  { grep -o " $run/[^ ]*" /proc/mounts || true; } | sort -r | xargs -r umount -l
  "$bin/kube-proxy" --cleanup >/dev/null 2>&1 || true
  ip link del cni-test0 2>/dev/null || true
  for way in -s -d; do iptables -D FORWARD $way $node_pods -j ACCEPT 2>/dev/null || true; done
  rm -rf "$run"
}

up() {
  [ "$(id -u)" = 0 ] || skip 'no cluster (needs root)'
  unshare --mount true 2>/dev/null || skip 'no cluster (this machine may not mount)'
  command -v apt-get >/dev/null || skip 'no cluster (needs Debian)'
  mkdir -p "$bin"
  packages || { tail -n 5 "$root/cluster-apt.log" >&2; exit 1; }
  engines >&2
  ip=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.*src \([0-9.]*\).*/\1/p')
  ip=${ip:-127.0.0.1}
  down
  control_plane
  node
}

case ${1:-} in
  up) up ;;
  image) shift && image "$@" ;;
  enforce) enforce "${2:?on or off}" ;;
  apiserver)
    # For tests of what happens where it goes away.
    ip=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.*src \([0-9.]*\).*/\1/p')
    ip=${ip:-127.0.0.1}
    case ${2:-} in stop) stop apiserver ;; start) apiserver ;; *) exit 2 ;; esac ;;
  down) down ;;
  *) sed -n '2,9s/^# \?//p' "$0" && exit 2 ;;
esac
