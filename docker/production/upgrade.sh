#!/usr/bin/env bash
# Brings this machine to another version: a backup, the topics, the tables, then one role after the other. If anything of it
# fails, or is stopped, the version from before runs again; if the machine itself stops, say it again to go on, or rollback.sh.
# Run it in a checkout of that version, whose image is built.
#   docker/production/upgrade.sh VERSION [--without-backup]
set -euo pipefail
# shellcheck source=docker/production/lib.sh
. "$(dirname "$0")/lib.sh"
version=
backup=yes
for one in "$@"; do
  case $one in
  --without-backup) backup= ;;
  *)
    no_options "$one"
    [ -z "$version" ] || refuse "it takes one version"
    version=$one
    ;;
  esac
done
[ -n "$version" ] || refuse "say which version"
require_setup
only_one
now=$(value TILLSTREAM_VERSION)
from=$now
if [ -s "$unfinished" ]; then
  from=$(cat "$unfinished")
  say "An upgrade from $from was cut short; this one goes on from there"
elif [ "$version" = "$now" ]; then
  fail "$version is what runs here"
fi
image=$(value TILLSTREAM_IMAGE):$version
docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" ||
  fail "there is no image $image. From a checkout of that version: docker build -t $image -f docker/Dockerfile ."

if [ -n "$backup" ]; then
  say "A backup first"
  backup_now || fail "the backup failed, and nothing is changed. Mend it, or add --without-backup"
fi
say "From $from to $version"
prepare() { set_value TILLSTREAM_VERSION "$version" && compose run --rm topics </dev/null && compose run --rm migrate </dev/null; }
begin_change "$from" "$from"
if ! prepare || ! start_roles; then
  go_back "$from" "It does not become ready"
fi
[ "$version" = "$from" ] || printf '%s\n' "$from" >"$previous"
end_change
start_the_rest
say "$version runs and is ready. \`$here/rollback.sh\` goes back to $from."
