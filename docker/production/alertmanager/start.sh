#!/bin/sh
# Writes Alertmanager's configuration from the environment, then becomes Alertmanager. Secrets stay in their files.
#   ALERT_EMAIL with SMTP_HOST, SMTP_FROM, SMTP_USER; ALERT_SLACK_CHANNEL; the files of DIRECTORY (/run/secrets).
# The same people get pages and tickets: a page comes again every hour, a ticket twice a day, and the subject says which it is.
set -eu
secrets=${SECRETS_DIRECTORY:-/run/secrets}
config=${CONFIG_FILE:-/tmp/alertmanager.yml}
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }

{
  cat <<'ROUTES'
route:
  receiver: people
  group_by: [namespace, alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  routes:
    - {receiver: heartbeat, matchers: ['severity="none"'], group_wait: 0s, group_interval: 1m, repeat_interval: 2m}
    - {receiver: people, matchers: ['severity="page"'], repeat_interval: 1h}
inhibit_rules:
  - source_matchers: ['alertname=~"BreakerOpen|CredentialsRefused|FlowStopped|RoleMissing"']
    target_matchers: ['alertname=~"DeliveryObjectiveBurnsFast|LagGrowing"']
    equal: [namespace]
  - source_matchers: ['alertname="CertificateExpired"']
    target_matchers: ['alertname=~"BreakerOpen|CertificateExpiring"']
    equal: [namespace]
  - source_matchers: ['alertname="FlowStopped"']
    target_matchers: ['alertname="DeadLettersRising"']
    equal: [namespace]
receivers:
ROUTES
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
    echo "        headers: {Subject: '{{ .CommonLabels.severity }}: {{ template \"email.default.subject\" . }}'}"
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
    echo "        title: '{{ .CommonLabels.severity }}: {{ template \"slack.default.title\" . }}'"
    cat <<'TEXT'
        text: "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n{{ .Annotations.runbook_url }}\n{{ end }}"
TEXT
  fi
} >"$config"

exec alertmanager --config.file="$config" --storage.path=/alertmanager --cluster.listen-address=
