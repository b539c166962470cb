#!/usr/bin/env bash
# Builds docker/Dockerfile and starts roles from the image. With a Docker engine on the real base image, else with buildah
# on a stand-in (image-base.sh), which needs root.
#   docker/image-check.sh [IMAGE]
set -euo pipefail
cd "$(dirname "$0")/.."
image=${1:-tillstream:local}
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' docker/Dockerfile | head -n 1)

if docker info >/dev/null 2>&1; then
  docker build -t "$image" -f docker/Dockerfile .
  in_image() { docker run --rm "${environment[@]/#/--env=}" --entrypoint "$1" "$image" "${@:2}"; }
else
  for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || { echo "No Docker engine answers, and $tool is missing: apt-get install $tool" >&2; exit 1; }
  done
  export BUILDAH_ISOLATION=chroot
  docker/image-base.sh "$base"
  buildah bud --pull-never --network host -q -t "$image" -f docker/Dockerfile . >/dev/null
  container=$(buildah from --pull-never "$image")
  trap 'buildah rm "$container" >/dev/null' EXIT
  in_image() { buildah run "${environment[@]/#/--env=}" "$container" -- "$@"; }
fi
echo "built $image"

environment=(TILLSTREAM_LOG_LEVEL=INFO)
fail() { echo "FAILED: $1" >&2; exit 1; }

[ "$(in_image id -u)" != 0 ] || fail "the image runs as root"
in_image tillstream --version
help=$(in_image tillstream --help)
for command in ingress poll worker demo sandbox trace alias replay discard purge doctor settings topics; do
  grep -q "$command" <<<"$help" || fail "tillstream --help does not name $command"
done
in_image tillstream settings --values | grep -qx 'log_level = INFO' || fail "tillstream settings shows no values"
in_image sh -c '! python -c "import pytest" 2>/dev/null' || fail "the image holds the tests' tools"

in_image python -c "$(cat docker/check_role.py)" || fail "ingress does not behave without Kafka"

environment=(TILLSTREAM_WORKER__LANES=many)
refusal=$(in_image tillstream ingress 2>&1) && fail "ingress starts with a wrong setting"
grep -q 'TILLSTREAM_WORKER__LANES' <<<"$refusal" || fail "ingress refuses without the setting's name: $refusal"
grep -q 'Traceback' <<<"$refusal" && fail "ingress refuses with a traceback: $refusal"
echo "started from $image: --help, settings, ingress (not ready without Kafka; refuses a wrong setting by name)"
