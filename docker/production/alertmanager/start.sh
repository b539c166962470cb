#!/bin/sh
# Writes Alertmanager's configuration from the environment, then becomes Alertmanager. Secrets stay in their files.
#   ALERT_EMAIL with SMTP_HOST, SMTP_FROM, SMTP_USER; ALERT_SLACK_CHANNEL; the files of DIRECTORY (/run/secrets).
set -eu
secrets=${SECRETS_DIRECTORY:-/run/secrets}
config=${CONFIG_FILE:-/tmp/alertmanager.yml}
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }

{
  echo "route:"
  echo "  receiver: people"
  echo "  group_by: [alertname, namespace]"
  echo "  group_wait: 30s"
  echo "  group_interval: 5m"
  echo "  repeat_interval: 4h"
  echo "  routes:"
  echo "    - {receiver: heartbeat, matchers: [alertname = Watchdog], group_wait: 0s, group_interval: 1m, repeat_interval: 2m}"
  echo "receivers:"
  echo "  - name: heartbeat"
  if [ -s "$secrets/deadman_url" ]; then
    echo "    webhook_configs:"
    echo "      - {url_file: $(quoted "$secrets/deadman_url"), send_resolved: false}"
  fi
  echo "  - name: people"
  if [ -n "${ALERT_EMAIL:-}" ]; then
    echo "    email_configs:"
    echo "      - to: $(quoted "$ALERT_EMAIL")"
    echo "        from: $(quoted "$SMTP_FROM")"
    echo "        smarthost: $(quoted "$SMTP_HOST")"
    echo "        send_resolved: true"
    if [ -n "${SMTP_USER:-}" ]; then
      echo "        auth_username: $(quoted "$SMTP_USER")"
      echo "        auth_password_file: $(quoted "$secrets/smtp_password")"
    fi
  fi
  if [ -n "${ALERT_SLACK_CHANNEL:-}" ]; then
    echo "    slack_configs:"
    echo "      - channel: $(quoted "$ALERT_SLACK_CHANNEL")"
    echo "        api_url_file: $(quoted "$secrets/slack_url")"
    echo "        send_resolved: true"
  fi
} >"$config"

exec alertmanager --config.file="$config" --storage.path=/alertmanager --cluster.listen-address=
