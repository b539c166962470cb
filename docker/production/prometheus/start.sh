#!/bin/sh
# Copies the alert rules with the address of the runbook (RUNBOOK_URL) in their links, then becomes Prometheus.
set -eu
from=${RULES_FROM:-/etc/prometheus}
rules=${RULES_DIRECTORY:-/tmp/rules}
link=$(printf '%s' "$RUNBOOK_URL" | sed 's/[&|\\]/\\&/g')
mkdir -p "$rules"
for file in "$from"/rules/*.yaml "$from"/machine-rules/*.yaml; do
  sed "s|runbook_url: RUNBOOK.md#|runbook_url: $link#|" "$file" >"$rules/$(basename "$file")"
done
exec prometheus "$@"
