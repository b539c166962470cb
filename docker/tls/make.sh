#!/usr/bin/env bash
# Makes an authority of this machine and a certificate of it, unless they are there and good for a month.
#   docker/tls/make.sh DIRECTORY [NAME ...]      then: curl --cacert DIRECTORY/ca.crt https://NAME:8443/
set -euo pipefail
directory=$1
names=("${@:2}")
[ ${#names[@]} -gt 0 ] || names=(localhost)
if openssl x509 -checkend 2592000 -noout -in "$directory/door.crt" >/dev/null 2>&1; then
  exit 0
fi
umask 077
mkdir -p "$directory"
new=$(mktemp -d "$directory/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
openssl req -x509 "${key[@]}" -days 825 -subj "/CN=Tillstream on this machine" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign" \
  -keyout "$new/ca.key" -out "$new/ca.crt" 2>/dev/null
openssl req "${key[@]}" -subj "/CN=${names[0]}" -keyout "$new/door.key" -out "$new/door.csr" 2>/dev/null
printf 'subjectAltName=%s,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$(printf ',DNS:%s' "${names[@]}" | cut -c 2-)" >"$new/ext"
openssl x509 -req -in "$new/door.csr" -CA "$new/ca.crt" -CAkey "$new/ca.key" -CAcreateserial -days 397 \
  -extfile "$new/ext" -out "$new/door.crt" 2>/dev/null
chmod 755 "$directory"
chmod 644 "$new/ca.crt" "$new/door.crt"
mv "$new/door.key" "$new/ca.crt" "$directory/"
mv "$new/door.crt" "$directory/" # last: with it all is there; the authority's own key is kept nowhere
