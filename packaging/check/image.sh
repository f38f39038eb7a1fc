#!/usr/bin/env bash
# usage: bash packaging/check/image.sh PACKAGE
#        bash packaging/check/image.sh --build
#
# Carries out the last stage of packaging/docker/Dockerfile in a bare Debian 12 and tries the result (image.py); or the first
# stage, which compiles this commit for about ten minutes.
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
in_bare_debian "${BASH_SOURCE[0]}" "$@"
say "the steps of the Dockerfile"
if [[ $1 == --build ]]; then
  git clone -q . "$work/source"
  python3 packaging/check/image.py "$root" --build "$work/source"
  ls -l "$root"/src/build/release/packages/*.deb
else
  python3 packaging/check/image.py "$root" "$(dirname "$1")"
fi
say "the image is in order"
