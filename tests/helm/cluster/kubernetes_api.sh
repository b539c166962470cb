#!/usr/bin/env bash
# A real Kubernetes API server and etcd on loopback, built through the Go module proxy: schemas, admission and CEL are the real
# ones; there are no nodes, so no pod ever runs. The first build takes 6 to 10 minutes on two idle cores and 3 GiB of Go's cache.
#   kubernetes_api.sh up DIR    builds what is missing into DIR, starts both, writes DIR/kubeconfig; ports from $API_PORT, $ETCD_PORT
#   kubernetes_api.sh down DIR
set -euo pipefail
cmd=$1; dir=$(mkdir -p "$2" && cd "$2" && pwd); run=$dir/run
K=1.37.2; E=3.6.16
export GOFLAGS=-mod=mod

build_etcd() {
  mkdir -p "$dir/src/etcd"; cd "$dir/src/etcd"
  printf 'module e\ngo 1.26\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$E" >go.mod
  printf 'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n' >main.go
  go build -o "$dir/etcd" .
}

# Kubernetes' own go.mod names parts of its repository by path; each is also a module of its own, under version 0.x.
build_api() {
  mkdir -p "$dir/src/k8s"; cd "$dir/src/k8s"; printf 'module k\ngo 1.26\n' >go.mod
  src=$(go mod download -json "k8s.io/kubernetes@v$K" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  {
    printf 'module k\ngo 1.26\nrequire (\n'
    sed -n '/^require (/,/^)/p' "$src/go.mod" | grep -v '^require\|^)'
    printf 'k8s.io/kubernetes v%s\n)\n' "$K"
    grep -oE '^\sk8s.io/[a-z-]+ => \./staging' "$src/go.mod" | awk '{print $1}' | while read -r m; do echo "replace $m => $m v0.${K#1.}"; done
  } >go.mod
  cp "$src/go.sum" go.sum; chmod u+w go.sum
  version=k8s.io/component-base/version
  go build -ldflags "-X $version.gitVersion=v$K -X $version.gitMajor=1 -X $version.gitMinor=${K:2:2}" \
    -o "$dir/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
}

start() {
  rm -rf "$run"; mkdir -p "$run"; umask 077
  openssl genrsa -out "$run/sa.key" 2048 2>/dev/null; openssl rsa -in "$run/sa.key" -pubout -out "$run/sa.pub" 2>/dev/null
  token=$(openssl rand -hex 16); printf '%s,admin,1,"system:masters"\n' "$token" >"$run/tokens.csv"
  nohup "$dir/etcd" --data-dir "$run/etcd" --listen-client-urls "http://127.0.0.1:$ETCD_PORT" \
    --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" --listen-peer-urls "http://127.0.0.1:0" >"$run/etcd.log" 2>&1 &
  echo $! >"$run/etcd.pid"
  nohup "$dir/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD_PORT" --service-account-key-file="$run/sa.pub" \
    --service-account-signing-key-file="$run/sa.key" --service-account-issuer=https://kubernetes.default.svc \
    --service-cluster-ip-range=10.0.0.0/24 --token-auth-file="$run/tokens.csv" --authorization-mode=RBAC --secure-port="$API_PORT" \
    --bind-address=127.0.0.1 --cert-dir="$run/certs" --disable-admission-plugins=ServiceAccount >"$run/api.log" 2>&1 &
  echo $! >"$run/api.pid"
  cat >"$dir/kubeconfig" <<C
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:$API_PORT", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: "$token"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
C
  for _ in $(seq 240); do
    curl -skf -H "Authorization: Bearer $token" "https://127.0.0.1:$API_PORT/readyz" >/dev/null && exit 0
    sleep 0.5
  done
  echo "the API server does not answer; the end of its log:" >&2; tail -5 "$run/api.log" >&2; exit 1
}

# The API server first, and to its end: without its etcd it would never stop.
end() {
  [ -f "$run/$1.pid" ] || return 0
  pid=$(cat "$run/$1.pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || break; sleep 0.25; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$run/$1.pid"
}

case $cmd in
up)
  command -v go >/dev/null || { echo "Go 1.26 or later is missing: it builds the API server" >&2; exit 1; }
  [ -x "$dir/etcd" ] || build_etcd
  [ -x "$dir/kube-apiserver" ] || build_api
  start ;;
down) end api; end etcd ;;
*) echo "usage: kubernetes_api.sh up|down DIR" >&2; exit 2 ;;
esac
