#!/usr/bin/env bash
# Writes the locks from pyproject.toml: requirements-dev.txt has everything, requirements.txt the image's part of it in
# the same versions, docker/requirements-build.txt what builds the wheel. No lock names a package index.
#   docker/lock.sh UV
set -euo pipefail
uv=$1
cd "$(dirname "$0")/.."
options=(--quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links
  --custom-compile-command "make lock")
"$uv" pip compile "${options[@]}" pyproject.toml --extra dev --extra bench --extra mutants -o requirements-dev.txt
"$uv" pip compile "${options[@]}" pyproject.toml -c requirements-dev.txt -o requirements.txt
echo setuptools | "$uv" pip compile "${options[@]}" - -c requirements-dev.txt -o docker/requirements-build.txt
