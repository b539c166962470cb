#!/usr/bin/env bash
# Makes a stand-in for docker/Dockerfile's base image out of Debian's packages, for machines that reach no image registry:
# the real Dockerfile is then built with buildah. It has Debian's own Python 3.11, under the names that the base has.
# About a minute, once; root only.
#   docker/image-base.sh IMAGE
set -euo pipefail
image=$1
export BUILDAH_ISOLATION=chroot
if buildah inspect --type image "$image" >/dev/null 2>&1; then
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "making a stand-in for $image (about a minute) ..."
if ! debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$folder/root" >"$folder/log" 2>&1; then
  tail -n 20 "$folder/log" >&2
  exit 1
fi
for name in python python3; do
  ln -s /usr/bin/python3 "$folder/root/usr/local/bin/$name"
done
# This machine's authorities, because its package index may be reached through one that it added.
cp /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/ca-certificates.crt"
tar -C "$folder/root" -cf "$folder/root.tar" .
printf '%s\n' 'FROM scratch' 'ADD root.tar /' 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
  'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' 'CMD ["python3"]' >"$folder/Dockerfile"
rm -rf "$folder/root"
buildah bud -q -t "$image" "$folder" >/dev/null
