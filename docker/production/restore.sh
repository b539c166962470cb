#!/usr/bin/env bash
# Puts a backup of the store in the place of the one there is, and lets work go on from it: what both systems have done since
# is found there and not made again. If anything fails, the store from before is back and the roles run.
#   docker/production/restore.sh [--yes] [--start] [SNAPSHOT]
#   docker/production/restore.sh [--yes] [--start] --kafka-lost SINCE SNAPSHOT
# SNAPSHOT as `docker compose run --rm backup restic snapshots` lists it; the last one without. It asks before it begins, unless
# --yes. What people launched since the backup must be launched again before the roles start: it lists that and starts none, unless
# --start. --kafka-lost 30d: Kafka's records are gone too (a new machine), and both systems are read again from then on. It must
# lie before your oldest order that is not shipped: what web orders hold of each SKU is counted from them, and stock would be
# written too high without them.
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
lost=
asked=
start=
snapshot=
while [ $# -gt 0 ]; do
  case $1 in
  --yes) asked=yes ;;
  --start) start=yes ;;
  --kafka-lost)
    [[ ${2:--} != -* ]] || refuse "--kafka-lost: say since when, for example 30d: before your oldest order that is not shipped"
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

compose build --quiet backup </dev/null ||
  say "The programs of this checkout could not be built; going on with those that were built last"
# Compose may say something in the same place
found=$(compose run --rm --no-TTY backup restore.sh find "${snapshot:-latest}" </dev/null | grep -E '^[0-9a-f]+ [0-9T:-]+$') || true
read -r snapshot time <<<"$found"
[ -n "$time" ] || fail "no such backup was found, and nothing is changed: \`docker compose run --rm backup restic snapshots\` lists them"
say "Backup $snapshot was made at $time UTC. It takes the place of the store; what people decided since is asked for again."
if [ -z "$asked" ]; then
  printf 'Restore it? Type yes: ' >&2
  read -r asked || true
  [ "$asked" = yes ] || fail "nothing is changed (--yes goes on without asking)"
fi

# start_all: every role, whether the one before it becomes ready or not; `late` names those that do not
start_all() {
  local role
  late=
  say "Starting the roles"
  for role in "${ROLES[@]}" checks; do start_role "$role" || late+=" $role"; done
}

# patiently COMMAND...: tried for a minute, since a role that had to be killed stays in its group for the session's time, and of
# a group with members no offsets can be set
patiently() {
  local left=6
  until "$@" </dev/null; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    say "Trying again in 10 s"
    sleep 10
  done
}

# Until the store is restored, whatever ends the script puts back what was.
before=tillstream_before_$(date -u +%Y%m%d%H%M%S)
taken=
put_back() {
  trap - EXIT
  trap '' HUP INT TERM
  if [ -n "$taken" ]; then
    say "Putting the store from before back"
    compose run --rm backup restore.sh undo "$before" </dev/null || fail "the store from before could not be put back, so no role is
started. When PostgreSQL answers, in $here: \`docker compose run --rm backup restore.sh undo $before\`, then
\`docker compose up --detach --wait\`"
  fi
  start_all
  fail "nothing is restored: the store is as it was${late:+. Not ready:$late; \`docker compose logs\` in $here tells why}"
}
trap put_back EXIT
when_stopped "exit 1"

say "Stopping the roles"
compose stop "${ROLES[@]}" checks
say "Reading the backup $snapshot"
taken=yes
compose run --rm backup restore.sh take "$snapshot" "$before" </dev/null
compose run --rm migrate </dev/null
if [ -n "$lost" ]; then
  compose run --rm topics </dev/null
  compose run --rm cli offsets reread --since "$lost" --apply </dev/null
else
  patiently compose run --rm cli offsets restored --since "$time" --apply
fi
when_stopped : # a lost connection stops nothing from here on
trap - EXIT INT TERM
say "The store is restored. The one from before is kept as the database $before; when nobody needs it any more, in $here:
\`docker compose exec postgres dropdb --username tillstream $before\` (\`psql --username tillstream --list\` lists older ones)"

decided=$(compose run --rm --no-TTY backup restore.sh decided </dev/null) ||
  decided="What was launched or ended since could not be read: \`docker compose run --rm cli launch\` lists what the backup knows."
if [ -n "$lost" ]; then
  decided+="
What people launched after the backup on a machine that is gone, only they know: \`docker compose run --rm cli launch\` lists
what the backup knows."
fi
if [ -n "$decided" ]; then
  say "A flow that was launched since the backup only observes now, and one that was ended writes again:
$decided"
  [ -n "$start" ] || fail "the store is restored, but no role is started: what such a flow takes in before it is launched again is
not written. In $here, say what is listed (with several stores, --connection NAME), then \`docker compose up --detach --wait\`"
fi

start_all
[ -z "$late" ] || fail "the store is restored, but not ready:$late; \`docker compose logs\` in $here tells why"
say "All roles are ready. \`docker compose run --rm cli doctor\` looks whether all is well."
