#!/usr/bin/env bash
# find SNAPSHOT: its id and when it was made (UTC); nothing if there is none. take SNAPSHOT BEFORE: reads it into a database of
# its own, then puts that in the place of the store, which stays as the database BEFORE. undo BEFORE: the other way round, if
# there is one. docker/production/restore.sh calls them, the last two with the roles stopped.
set -euo pipefail
directory=${BACKUP_DIRECTORY:-/var/lib/backup}
spool=$directory/restored
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export PGPASSWORD
sql() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname postgres "$@"; }

# alone: no backup is made meanwhile, and `undo` waits for a `take` whose caller is gone
alone() {
  mkdir -p "$directory"
  exec 8>"$directory/lock"
  flock 8
}

case "$#${1:-}" in
2find)
  restic snapshots --json --host tillstream --tag store "$2" |
    sed -n 's/.*"time":"\([^".]*\).*"short_id":"\([0-9a-f]*\)".*/\2 \1/p'
  ;;
3take)
  alone
  rm -rf "$spool"
  mkdir -p "$spool"
  trap 'rm -rf "$spool"' EXIT
  restic restore "$2" --host tillstream --tag store --target "$spool"
  dump=$(find "$spool" -name store.dump)
  [ -n "$dump" ] || { echo "there is no store.dump in $2" >&2; exit 1; }
  sql --command "DROP DATABASE IF EXISTS tillstream_new WITH (FORCE)" --command "CREATE DATABASE tillstream_new"
  pg_restore --exit-on-error --no-owner --dbname tillstream_new "$dump"
  sql --single-transaction --command "ALTER DATABASE tillstream RENAME TO $3" \
    --command "ALTER DATABASE tillstream_new RENAME TO tillstream"
  ;;
2undo)
  alone
  [ -n "$(sql --tuples-only --no-align --command "SELECT 1 FROM pg_database WHERE datname = '$2'")" ] || exit 0
  sql --single-transaction --command "ALTER DATABASE tillstream RENAME TO tillstream_new" \
    --command "ALTER DATABASE $2 RENAME TO tillstream"
  ;;
*)
  echo "restore.sh find SNAPSHOT | take SNAPSHOT BEFORE | undo BEFORE" >&2
  exit 1
  ;;
esac
