#!/usr/bin/env bash
# Backs the store up to the restic repository, which it makes if there is none. It counts as made only when the dump is whole
# and the repository has it; a try that failed is told to the store, and does not make the last backup younger.
# Kafka's records stay here: the store says where every group stood, and `tillstream offsets restored|reread` goes on from that.
set -euo pipefail
[ $# -eq 0 ] || { echo "backup.sh takes no arguments: it makes a backup now" >&2; exit 2; }
directory=${BACKUP_DIRECTORY:-/var/lib/backup}
spool=$directory/spool
mkdir -p "$directory"
exec 8>"$directory/lock"
flock 8 # one that a person or an upgrade asks for waits for the nightly one
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
export PGPASSWORD
say() { printf '%s backup: %s\n' "$(date -u +%FT%TZ)" "$*"; }
mark() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --command "$1" >/dev/null; }

told() {
  local code=$?
  trap - EXIT
  rm -rf "$spool"
  if [ "$code" -ne 0 ]; then
    say "FAILED ($doing); the last backup is as old as before"
    mark "INSERT INTO checks (name, ended_at, failed, numbers) VALUES ('backup', now(), true, '[]')
          ON CONFLICT (name) DO UPDATE SET failed = true" || say "the store could not be told"
  fi
  exit "$code"
}
trap told EXIT

doing="asking the repository"
restic unlock >/dev/null 2>&1 || true # the lock of one that was killed, stale after half an hour; without a repository none
if ! restic cat config >/dev/null 2>&1; then
  # a repository that does not answer is not made either, so that nothing is made anew by mistake
  restic init
  say "made the repository"
fi

doing="saving the store"
rm -rf "$spool"
mkdir -p "$spool"
# not compressed: restic does that, and keeps what is new since the last one
pg_dump --format=custom --compress=none --file="$spool/store.dump"
pg_restore --list "$spool/store.dump" >/dev/null
settings=${CONFIG_DIRECTORY:-/etc/tillstream}
cp -R "$settings/.env" "$settings/tillstream.toml" "$settings/flows" "$spool/"

doing="sending it to the repository"
restic backup --quiet --host tillstream --tag store "$spool"

doing="telling the store"
mark "INSERT INTO checks (name, ended_at, failed, numbers) VALUES ('backup', now(), false, '[]')
      ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, failed = false"
say "made: $(du -h "$spool/store.dump" | cut -f 1)"

restic forget --quiet --prune --host tillstream --tag store --keep-daily 14 --keep-weekly 8 --keep-monthly 12 ||
  say "old backups could not be removed; the new one is made"
