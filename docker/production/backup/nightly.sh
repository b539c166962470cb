#!/usr/bin/env bash
# A backup every day at BACKUP_AT (UTC); one that failed is tried again every half hour.
set -euo pipefail
next() {
  local now at
  now=$(date -u +%s)
  at=$(date -u -d "today $BACKUP_AT" +%s)
  [ "$at" -gt "$now" ] || at=$((at + 86400))
  echo $((at - now))
}
while true; do
  sleep "$(next)"
  until backup.sh; do sleep 1800; done
done
