#!/usr/bin/env bash
# Prepares this machine: .env, tillstream.toml and the secrets, each unless it is there. Then it tells what a person must fill
# in. Run it again until nothing is missing; root only, because the secrets are closed to everybody else.
#   docker/production/setup.sh
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
no_options "$@"
[ $# -eq 0 ] || refuse "it takes no arguments"
owner=10001:10001 # the image's user
secrets=$here/secrets
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# keep FILE MODE TEXT: unless it is there
keep() {
  [ -e "$1" ] || { printf '%s' "$3" >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"; }
}

[ -f "$environment" ] || { cp "$here/env.example" "$environment" && chmod 644 "$environment"; }
[ -f "$here/tillstream.toml" ] || { cp "$here/tillstream.example.toml" "$here/tillstream.toml" && chmod 644 "$here/tillstream.toml"; }
[ -n "$(value TILLSTREAM_VERSION)" ] ||
  set_value TILLSTREAM_VERSION "$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../../pyproject.toml")"

# Only root passes through the first folder; behind it a container's user reads what is mounted for it.
mkdir -p "$secrets/tillstream"
chmod 700 "$secrets"
keep "$secrets/postgres_password" 444 "$(random)"
keep "$secrets/restic_password" 444 "$(random)"
keep "$secrets/grafana_password" 444 "$(random)"
for name in backup_s3 deadman_url slack_url smtp_password; do keep "$secrets/$name" 444 ""; done
keep "$secrets/tillstream/store_url" 400 "postgresql://tillstream:$(cat "$secrets/postgres_password")@postgres:5432/tillstream"
for name in web_webhook pos_webhook gift_cards; do keep "$secrets/tillstream/$name" 400 "$(random)"; done
for name in web_consumer_key web_consumer_secret web_access_token web_access_token_secret pos_client_secret; do
  keep "$secrets/tillstream/$name" 400 ""
done
chown -R "$owner" "$secrets/tillstream"
chmod 400 "$secrets"/tillstream/* # again: an editor may have made the file anew
chmod 444 "$secrets"/*_*

missing=()
for name in DOMAIN ACME_EMAIL RESTIC_REPOSITORY; do [ -n "$(value "$name")" ] || missing+=("$name in $environment"); done
for file in "$secrets"/tillstream/* "$secrets/backup_s3" "$secrets/deadman_url"; do
  [ -s "$file" ] || missing+=("$file")
done
if [ -z "$(value ALERT_EMAIL)$(value ALERT_SLACK_CHANNEL)" ]; then missing+=("ALERT_EMAIL or ALERT_SLACK_CHANNEL in $environment"); fi
if [ ${#missing[@]} -gt 0 ]; then
  say "Still to fill in:"
  for one in "${missing[@]}"; do say "  $one"; done
  exit 1
fi
say "Nothing is missing. Keep a copy of $secrets elsewhere: without restic_password no backup can be read."
