#!/usr/bin/env bash
# Makes a bundle for whoever helps: version, settings, findings, positions, balance, the journal without customers, and what
# Tillstream's own roles logged in a day. Secrets, e-mail addresses, telephone and card numbers are masked; a customer's name can
# stand in a log: look into it before you send it.
#   docker/production/support.sh [FILE]
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
no_options "$@"
[ $# -le 1 ] || refuse "it takes one file"
require_setup
file=${1:-tillstream-support-$(date -u +%Y%m%dT%H%M%SZ).tar.gz}
umask 077
compose logs --no-color --since 24h --tail 5000 "${ROLES[@]}" checks |
  compose run --rm --no-TTY cli support-bundle --logs - - >"$file.part" ||
  { rm -f "$file.part"; fail "the bundle was not made"; }
mv "$file.part" "$file"
say "$file"
