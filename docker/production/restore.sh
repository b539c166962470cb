#!/usr/bin/env bash
# Puts a backup of the store in the place of the one there is, and lets work go on from it: what both systems have done since
# is found there and not made again. If anything fails, the store from before is back and the roles run.
#   docker/production/restore.sh [--yes] [SNAPSHOT]
#   docker/production/restore.sh [--yes] --kafka-lost SINCE SNAPSHOT
# SNAPSHOT as `docker compose run --rm backup restic snapshots` lists it; the last one without. It asks before it begins, unless
# --yes. --kafka-lost 2d: Kafka's records are gone too (a new machine): both systems are read again from then on, a little more
# than the backup's age.
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
lost=
asked=
snapshot=
while [ $# -gt 0 ]; do
  case $1 in
  --yes) asked=yes ;;
  --kafka-lost)
    [[ ${2:--} != -* ]] || refuse "--kafka-lost: say since when, for example 2d"
    lost=$2
    shift
    ;;
  *)
    no_options "$1"
    [ -z "$snapshot" ] || refuse "it takes one snapshot"
    snapshot=$1
    ;;
  esac
  shift
done
# the last one may be of the empty store with which a new machine began
[ -z "$lost" ] || [ -n "$snapshot" ] || refuse "--kafka-lost: say which snapshot, one from before the loss"
require_setup
only_one

# the first time Compose builds the image, and says so in the same place
found=$(compose run --rm --no-TTY backup restore.sh find "${snapshot:-latest}" </dev/null | grep -E '^[0-9a-f]+ [0-9T:-]+$') || true
read -r snapshot time <<<"$found"
[ -n "$time" ] || fail "no such backup was found, and nothing is changed: \`docker compose run --rm backup restic snapshots\` lists them"
say "Backup $snapshot was made at $time UTC. It takes the place of the store; what people decided since is asked for again."
if [ -z "$asked" ]; then
  printf 'Restore it? Type yes: ' >&2
  read -r asked || true
  [ "$asked" = yes ] || fail "nothing is changed (--yes goes on without asking)"
fi

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
