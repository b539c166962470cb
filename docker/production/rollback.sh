#!/usr/bin/env bash
# Goes back to the version before the last upgrade. The tables stay: a version works on those of the next one.
#   docker/production/rollback.sh
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
no_options "$@"
[ $# -eq 0 ] || refuse "it takes no arguments"
require_setup
only_one
now=$(value TILLSTREAM_VERSION)
if [ -s "$unfinished" ]; then
  version=$(cat "$unfinished")
  say "The last change was cut short"
  [ "$version" = "$now" ] || cp "$unfinished" "$previous"
else
  [ -s "$previous" ] || fail "no upgrade was made here, so there is nothing to go back to"
  version=$(cat "$previous")
  [ "$version" != "$now" ] || fail "$version is what runs here"
fi
say "A backup first"
backup_now || say "The backup failed; going back without it, because the tables stay as they are"
say "From $now back to $version"
begin_change "$version" "$now"
run_version "$version" || go_back "$now" "It does not become ready"
[ "$version" = "$now" ] || printf '%s\n' "$now" >"$previous"
end_change
start_the_rest
say "$version runs and is ready. \`$here/rollback.sh\` undoes this."
