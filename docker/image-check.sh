#!/usr/bin/env bash
# Builds docker/Dockerfile and starts every role from the image, as its own user and with a read-only root. With a Docker
# engine on the real base image, else with buildah on a stand-in (image-base.sh), which needs root.
#   docker/image-check.sh IMAGE PYTHON      PYTHON of the checkout's environment
set -euo pipefail
cd "$(dirname "$0")/.."
image=$1
python=$2
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' docker/Dockerfile | head -n 1)

if docker info >/dev/null 2>&1; then
  docker build -t "$image" -f docker/Dockerfile .
else
  for tool in buildah debootstrap; do
    command -v "$tool" >/dev/null || { echo "No Docker engine answers, and $tool is missing: apt-get install $tool" >&2; exit 1; }
  done
  export BUILDAH_ISOLATION=chroot BUILDAH_FORMAT=docker
  docker/image-base.sh "$base"
  buildah bud --pull-never --network host -q -t "$image" -f docker/Dockerfile . >/dev/null
  container=$(buildah from --pull-never "$image")
  trap 'buildah umount "$container" >/dev/null && buildah rm "$container" >/dev/null' EXIT
  ROOT=$(buildah mount "$container")
  export ROOT
fi
echo "built $image after $SECONDS s"

in_image() { docker/in-image.sh "$image" TILLSTREAM_LOG_LEVEL=INFO -- "$@"; }
fail() { echo "FAILED: $1" >&2; exit 1; }

[ "$(in_image id -u)" = 10001 ] || fail "the image does not run as its own user"
in_image tillstream --version
help=$(in_image tillstream --help)
for command in ingress poll worker demo sandbox trace alias replay discard purge doctor settings topics; do
  grep -q "$command" <<<"$help" || fail "tillstream --help does not name $command"
done
in_image tillstream settings --values | grep -qx 'log_level = INFO' || fail "tillstream settings shows no values"
in_image sh -c '! python -c "import pytest" 2>/dev/null' || fail "the image holds the tests' tools"
in_image python -c "$(cat docker/check_role.py)" || fail "ingress does not behave without Kafka"

refusal=$(docker/in-image.sh "$image" TILLSTREAM_WORKER__LANES=many -- tillstream ingress 2>&1) &&
  fail "ingress starts with a wrong setting"
grep -q 'TILLSTREAM_WORKER__LANES' <<<"$refusal" || fail "ingress refuses without the setting's name: $refusal"
grep -q 'Traceback' <<<"$refusal" && fail "ingress refuses with a traceback: $refusal"

PYTHONPATH=. "$python" docker/check_roles.py "$image"
echo "checked $image after $SECONDS s: every role and both sandboxes, read-only, as user 10001"
