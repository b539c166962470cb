#!/usr/bin/env bash
# Runs a command in an image as its containers run in production: the image's user, a read-only root, /tmp in memory, no
# rights of root, the host's network. With a Docker engine, else in a root that buildah has mounted (ROOT), as root.
#   [ROOT=DIRECTORY] docker/in-image.sh IMAGE [NAME=VALUE ...] -- COMMAND [ARGUMENT ...]
set -euo pipefail
image=$1
shift
environment=()
while [ "$1" != -- ]; do
  environment+=("$1")
  shift
done
shift

if [ -z "${ROOT:-}" ]; then
  exec docker run --rm --network host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    "${environment[@]/#/--env=}" --entrypoint "$1" "$image" "${@:2}"
fi

config() { buildah inspect --type image --format "{{range .OCIv1.Config.$1}}{{println .}}{{end}}" "$image"; }
mapfile -t own < <(config Env | grep .)
user=$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$image")
home=$(buildah inspect --type image --format '{{.OCIv1.Config.WorkingDir}}' "$image")
ids=(--reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs --bounding-set=-all)
# Every step is an exec, so that a signal to this process reaches the command.
# shellcheck disable=SC2016 # the inner shell expands it
exec unshare --mount --propagation private -- bash -euc '
  root=$1
  mount --bind "$root" "$root"
  mount -o remount,bind,ro "$root"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  exec chroot "$@"
' in-image "$ROOT" setpriv "${ids[@]}" env -i -C "$home" "${own[@]}" "${environment[@]}" "$@"
