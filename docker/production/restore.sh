#!/usr/bin/env bash
# Puts a backup of the store in the place of the one there is, and lets work go on from it: what both systems have done since
# is found there and not made again. If anything fails, the store from before is back and the roles run.
#   docker/production/restore.sh [--kafka-lost SINCE] [SNAPSHOT]
# SNAPSHOT as `docker compose run --rm backup restic snapshots` lists it; the last one without. --kafka-lost 2d: Kafka's records
# are gone too (a new machine): both systems are read again from then on.
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
lost=
if [ "${1:-}" = --kafka-lost ]; then
  lost=${2:?say since when, for example 2d: a little more than the age of the backup}
  shift 2
fi
snapshot=${1:-latest}
require_setup
only_one

swapped=
finish() {
  local code=$?
  trap - EXIT
  if [ "$code" -ne 0 ] && [ -n "$swapped" ]; then
    say "Putting the store from before back"
    compose run --rm backup restore.sh undo </dev/null || say "THE STORE FROM BEFORE COULD NOT BE PUT BACK: it is the database tillstream_before"
  fi
  say "Starting the roles"
  start_roles || { say "A role does not become ready: see \`docker compose ps\` in $here"; code=1; }
  if [ "$code" -eq 0 ]; then say "Restored. \`docker compose run --rm cli doctor\` looks whether all is well."; else say "FAILED: nothing is restored"; fi
  exit "$code"
}
trap finish EXIT

say "Stopping the roles"
compose stop "${ROLES[@]}" checks
say "Reading the backup $snapshot"
compose run --rm backup restore.sh take "$snapshot" </dev/null
swapped=yes
compose run --rm migrate </dev/null
if [ -n "$lost" ]; then
  compose run --rm topics </dev/null
  compose run --rm cli offsets reread --since "$lost" --apply </dev/null
else
  compose run --rm cli offsets restored --apply </dev/null
fi
