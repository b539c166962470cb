#!/usr/bin/env bash
# find SNAPSHOT: its id and when it was made (UTC); nothing if there is none. take SNAPSHOT BEFORE: reads it into a database of
# its own, then puts that in the place of the store, which stays as the database BEFORE. undo BEFORE: the other way round, if
# there is one. decided: what people have launched or ended since the backup that now is the store, by the stores from before.
# docker/production/restore.sh calls them, all but the first with the roles stopped.
set -euo pipefail
directory=${BACKUP_DIRECTORY:-/var/lib/backup}
spool=$directory/restored
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export PGPASSWORD
# ask|rows DATABASE OPTION...
ask() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$@"; }
rows() { ask "$@" --tuples-only --no-align --field-separator $'\t'; }

# alone: no backup is made meanwhile, and `undo` waits for a `take` whose caller is gone
alone() {
  mkdir -p "$directory"
  exec 8>"$directory/lock"
  flock 8
}

# decisions DATABASE: the last one about each way of a flow: when it was made, flow, source, target, options of `launch`.
# The database with which a new machine begins has no tables.
decisions() {
  local moment="AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'" table
  table=$(rows "$1" --command "SELECT to_regclass('cutovers')") || return 1
  [ -n "$table" ] || return 0
  rows "$1" --command "
    SELECT DISTINCT ON (flow, source, target) to_char(coalesce(ended_at, launched_at) $moment), flow, source, target,
      CASE WHEN ended_at IS NULL THEN '--since ' || to_char(at $moment) ELSE '--undo' END
    FROM cutovers ORDER BY flow, source, target, id DESC"
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
  ask postgres --command "DROP DATABASE IF EXISTS tillstream_new WITH (FORCE)" --command "CREATE DATABASE tillstream_new"
  pg_restore --exit-on-error --no-owner --dbname tillstream_new "$dump"
  ask postgres --single-transaction --command "ALTER DATABASE tillstream RENAME TO $3" \
    --command "ALTER DATABASE tillstream_new RENAME TO tillstream"
  ;;
2undo)
  alone
  there=$(rows postgres --command "SELECT 1 FROM pg_database WHERE datname = '$2'")
  [ -n "$there" ] || exit 0
  ask postgres --single-transaction --command "ALTER DATABASE tillstream RENAME TO tillstream_new" \
    --command "ALTER DATABASE $2 RENAME TO tillstream"
  ;;
1decided)
  rm -rf "$spool"
  mkdir -p "$spool"
  trap 'rm -rf "$spool"' EXIT
  decisions tillstream >"$spool/restored"
  # of all that are kept: after a restore that was not followed by a launch the last one has forgotten too
  rows postgres --command "SELECT datname FROM pg_database WHERE datname LIKE 'tillstream\_before%'" >"$spool/names"
  while read -r name; do decisions "$name" </dev/null; done <"$spool/names" >"$spool/before"
  sort --reverse "$spool/before" | awk -F '\t' '!seen[$2, $3, $4]++' | sort | awk -F '\t' '
    !before { at[$2, $3, $4] = $1; options[$2, $3, $4] = $5; next }
    $1 > at[$2, $3, $4] && $5 != options[$2, $3, $4] && !($5 == "--undo" && !(options[$2, $3, $4])) {
      printf "%s from %s to %s: docker compose run --rm cli launch %s %s\n", $2, $3, $4, $2, $5
    }' "$spool/restored" before=1 -
  ;;
*)
  echo "restore.sh find SNAPSHOT | take SNAPSHOT BEFORE | undo BEFORE | decided" >&2
  exit 1
  ;;
esac
