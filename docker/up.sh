#!/usr/bin/env bash
# `make up`: builds the image and starts docker/compose.yaml. The secrets are made once and kept under .tillstream/, readable
# by the owner only. PROFILE=tls puts a TLS door before it.
set -euo pipefail
cd "$(dirname "$0")/.."
docker info >/dev/null 2>&1 || { echo "No Docker engine answers; \`make demo\` runs the same without Docker." >&2; exit 1; }
secrets=.tillstream/compose.env
mkdir -p .tillstream
umask 077
touch "$secrets"
for name in POSTGRES_PASSWORD WEB_BEARER_TOKEN WEB_WEBHOOK_SECRET POS_CLIENT_SECRET POS_WEBHOOK_SECRET GRAFANA_PASSWORD; do
  grep -q "^$name=" "$secrets" || echo "$name=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >>"$secrets"
done
if [ "${PROFILE:-}" = tls ]; then
  docker/tls/make.sh .tillstream/tls localhost
fi
docker build -t tillstream:local -f docker/Dockerfile .
COMPOSE_PROFILES="${PROFILE:-}" docker compose --env-file "$secrets" -f docker/compose.yaml up --detach --wait
echo "Magento http://127.0.0.1:8091, Heartland http://127.0.0.1:8092, webhooks http://127.0.0.1:8080, status http://127.0.0.1:9400/readyz"
echo "Commands: docker compose --project-name tillstream-sandboxes exec poll tillstream launch; \`make down\` ends it"
echo "Grafana http://127.0.0.1:3000, Prometheus http://127.0.0.1:9090"
if [ "${PROFILE:-}" = tls ]; then
  echo "webhooks by TLS https://localhost:8443, for whoever trusts .tillstream/tls/ca.crt"
fi
