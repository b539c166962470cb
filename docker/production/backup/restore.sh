#!/usr/bin/env bash
# find SNAPSHOT: its id and when it was made (UTC); nothing if there is none. take SNAPSHOT: reads it into a database of its
# own, then puts that in the place of the store, which stays as tillstream_before. undo: the other way round.
# docker/production/restore.sh calls them, the last two with the roles stopped.
set -euo pipefail
spool=${BACKUP_DIRECTORY:-/var/lib/backup}/restored
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export PGPASSWORD
sql() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname postgres "$@"; }

case "$#${1:-}" in
2find)
  restic snapshots --json --host tillstream --tag store "$2" |
    sed -n 's/.*"time":"\([^".]*\).*"short_id":"\([0-9a-f]*\)".*/\2 \1/p'
  ;;
2take)
  rm -rf "$spool"
  mkdir -p "$spool"
  trap 'rm -rf "$spool"' EXIT
  restic restore "$2" --host tillstream --tag store --target "$spool"
  dump=$(find "$spool" -name store.dump)
  [ -n "$dump" ] || { echo "there is no store.dump in $2" >&2; exit 1; }
  sql --command "DROP DATABASE IF EXISTS tillstream_new WITH (FORCE)" --command "CREATE DATABASE tillstream_new"
  pg_restore --exit-on-error --no-owner --dbname tillstream_new "$dump"
  sql --command "DROP DATABASE IF EXISTS tillstream_before WITH (FORCE)"
  sql --single-transaction --command "ALTER DATABASE tillstream RENAME TO tillstream_before" \
    --command "ALTER DATABASE tillstream_new RENAME TO tillstream"
  ;;
1undo)
  sql --single-transaction --command "ALTER DATABASE tillstream RENAME TO tillstream_new" \
    --command "ALTER DATABASE tillstream_before RENAME TO tillstream"
  ;;
*)
  echo "restore.sh find SNAPSHOT | take SNAPSHOT | undo" >&2
  exit 1
  ;;
esac
