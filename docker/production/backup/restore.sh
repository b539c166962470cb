#!/usr/bin/env bash
# take SNAPSHOT: reads a backup into a database of its own, then puts that in the place of the store, which stays as
# tillstream_before. undo: the other way round. docker/production/restore.sh calls both, with the roles stopped.
set -euo pipefail
spool=${BACKUP_DIRECTORY:-/var/lib/backup}/restored
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export PGPASSWORD
sql() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname postgres "$@"; }

case $1 in
take)
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
undo)
  sql --single-transaction --command "ALTER DATABASE tillstream RENAME TO tillstream_new" \
    --command "ALTER DATABASE tillstream_before RENAME TO tillstream"
  ;;
*)
  echo "restore.sh take SNAPSHOT | undo" >&2
  exit 1
  ;;
esac
