#!/usr/bin/env bash
# `make up`: builds the image and starts docker/compose.yaml. The secrets are made once and kept under .tillstream/, readable
# by the owner only.
set -euo pipefail
cd "$(dirname "$0")/.."
docker info >/dev/null 2>&1 || { echo "No Docker engine answers; \`make demo\` runs the same without Docker." >&2; exit 1; }
secrets=.tillstream/compose.env
if [ ! -f "$secrets" ]; then
  mkdir -p .tillstream
  umask 077
  for name in POSTGRES_PASSWORD WEB_BEARER_TOKEN WEB_WEBHOOK_SECRET POS_CLIENT_SECRET POS_WEBHOOK_SECRET; do
    echo "$name=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
  done >"$secrets.new"
  mv "$secrets.new" "$secrets"
fi
docker build -t tillstream:local -f docker/Dockerfile .
docker compose --project-name tillstream --env-file "$secrets" -f docker/compose.yaml up --detach --wait
echo "Magento http://127.0.0.1:8091, Heartland http://127.0.0.1:8092, webhooks http://127.0.0.1:8080, status http://127.0.0.1:9400/readyz"
