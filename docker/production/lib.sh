# shellcheck shell=bash
# What the scripts of this folder share; each sources it.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=$here/.env
# shellcheck disable=SC2034 # upgrade.sh and rollback.sh use it
previous=$here/.previous-version
# Of an upgrade or a rollback that was cut short: the version to which rollback.sh goes.
unfinished=$here/.unfinished
READY_SECONDS=${READY_SECONDS:-240}

# From the end of the pipe to its beginning: what a newer role writes, an older one behind it would not take.
ROLES=(deliver-web deliver-pos inventory normalize poll ingress)

# What reads other files of this folder.
BESIDE=(prometheus alertmanager grafana door backup)

say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

# usage: what stands at the head of the script
usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; }
refuse() { say "$*"; usage >&2; exit 2; }

# no_options ARGUMENT...: of a script that has none but --help
no_options() {
  local one
  for one in "$@"; do
    case $one in
    -h | --help) usage; exit 0 ;;
    -*) refuse "there is no option $one" ;;
    esac
  done
}

compose() { docker compose --project-directory "$here" --file "$here/compose.yaml" "$@"; }

# value NAME: of a variable in .env
value() { sed -n "s/^$1=//p" "$environment" | tail -n 1; }

# set_value NAME VALUE: in .env, whole or not at all
set_value() {
  local new
  new=$(mktemp "$here/.env.XXXXXX") || return 1
  { grep -v "^$1=" "$environment"; printf '%s=%s\n' "$1" "$2"; } >"$new" && chmod 644 "$new" && mv "$new" "$environment"
}

# only_one: no two scripts change this machine at the same time
only_one() {
  exec 9>"$here/.lock"
  flock --nonblock 9 || fail "another script of this folder is at work; wait until it has ended"
}

# backup_now: by the programs of this checkout
backup_now() { compose build --quiet backup && compose run --rm backup backup.sh </dev/null; }

# start_role NAME: and wait until it is ready
start_role() {
  say "  $1"
  compose up --detach --no-deps --wait --wait-timeout "$READY_SECONDS" "$1" </dev/null
}

# start_roles: each in its turn, the next one when it is ready. A bare `return` in a trap would tell of what ran before the trap.
start_roles() {
  local role
  for role in "${ROLES[@]}" checks; do start_role "$role" || return 1; done
}

# run_version VERSION: every role
run_version() { set_value TILLSTREAM_VERSION "$1" && start_roles; }

# start_the_rest: what is beside the roles, with the files of this checkout. A container keeps a file that git or an editor
# replaced until it starts again.
start_the_rest() {
  { compose up --detach --build --remove-orphans && compose restart "${BESIDE[@]}"; } </dev/null ||
    say "Something beside the roles does not start: see \`docker compose ps\` in $here"
}

# when_stopped COMMAND: what a lost connection, Ctrl-C and `kill` do. After a lost connection there is nobody to tell, but a file.
when_stopped() {
  # shellcheck disable=SC2064 # as it is now
  trap "exec >>'$here/interrupted.log' 2>&1; $1" HUP
  # shellcheck disable=SC2064
  trap "$1" INT TERM
}

# begin_change VERSION BACK: rollback.sh goes to VERSION if the machine stops before end_change; who stops the script, to BACK.
begin_change() {
  printf '%s\n' "$1" >"$unfinished"
  when_stopped "go_back '$2' 'It was stopped'"
}

end_change() {
  trap - HUP INT TERM
  rm -f "$unfinished"
}

# go_back VERSION WHY: after a change that did not end well. Ends the script, always with 1.
go_back() {
  trap '' HUP INT TERM
  say "$2: going back to $1. \`docker compose logs\` in $here tells more."
  run_version "$1" || fail "$1 does not become ready either: \`docker compose ps\` and \`docker compose logs\` in $here tell why"
  end_change
  fail "nothing is changed: $1 runs again and is ready"
}

require_setup() { [ -f "$environment" ] || fail "there is no $environment yet: run setup.sh"; }
