#!/usr/bin/env bash
# Prepares this machine: .env, tillstream.toml and the secrets, each unless it is there. Then it tells what a person must fill
# in. Run it again until nothing is missing, and after a secret was changed; root only, because the secrets are closed to
# everybody else.
#   docker/production/setup.sh
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
no_options "$@"
[ $# -eq 0 ] || refuse "it takes no arguments"
owner=10001:10001 # the image's user
secrets=$here/secrets
settings=$here/tillstream.toml
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# keep FILE MODE TEXT: unless it is there
keep() {
  [ -e "$1" ] || { printf '%s' "$3" >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"; }
}

[ -f "$environment" ] || { cp "$here/env.example" "$environment" && chmod 644 "$environment"; }
[ -f "$settings" ] || { cp "$here/tillstream.example.toml" "$settings" && chmod 644 "$settings"; }
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
read_by_us=(store_url)
mapfile -t -O 1 read_by_us < <(grep -v '^ *#' "$settings" | grep -o 'file:/run/secrets/[A-Za-z0-9_.-]*' | sed 's,.*/,,' | sort -u)
for name in "${read_by_us[@]}"; do keep "$secrets/tillstream/$name" 400 ""; done
chown -R "$owner" "$secrets/tillstream"
chmod 400 "$secrets"/tillstream/* # again: an editor may have made the file anew
chmod 444 "$secrets"/*_*

missing=()
need() { missing+=("$1"); }
variable() { [ -n "$(value "$1")" ] || need "$1 in $environment${2:+: $2}"; }
filled() { [ -s "$secrets/$1" ] || need "$secrets/$1${2:+: $2}"; }

for name in DOMAIN ACME_EMAIL RESTIC_REPOSITORY; do variable "$name"; done
for name in "${read_by_us[@]}"; do filled "tillstream/$name"; done
filled deadman_url
for name in aws_access_key_id aws_secret_access_key; do
  grep -q "^ *$name *= *[^ ]" "$secrets/backup_s3" || need "$name = ... in $secrets/backup_s3, below a line [default]"
done
if [ -z "$(value ALERT_EMAIL)$(value ALERT_SLACK_CHANNEL)" ]; then need "ALERT_EMAIL or ALERT_SLACK_CHANNEL in $environment"; fi
if [ -n "$(value ALERT_EMAIL)" ]; then
  for name in SMTP_HOST SMTP_FROM; do variable "$name" "without it ALERT_EMAIL gets no mail"; done
fi
if [ -n "$(value SMTP_USER)" ]; then filled smtp_password "SMTP_USER has none"; fi
if [ -s "$secrets/smtp_password" ]; then variable SMTP_USER "whose password is in $secrets/smtp_password"; fi
if [ -n "$(value ALERT_SLACK_CHANNEL)" ]; then filled slack_url "ALERT_SLACK_CHANNEL has no webhook"; fi
for file in "$environment" "$settings"; do
  while IFS=: read -r line text; do need "line $line of $file is still the example's: $text"; done \
    < <(grep -nE '^[^#]*example\.com' "$file")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "Still to fill in:"
  for one in "${missing[@]}"; do say "  $one"; done
  exit 1
fi
say "Nothing is missing. Keep a copy of $secrets, $environment, $settings and $here/flows elsewhere: without them no backup can be found or read."
