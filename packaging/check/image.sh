#!/usr/bin/env bash
# usage: bash packaging/check/image.sh PACKAGE
#        bash packaging/check/image.sh --build
#
# Carries out the last stage of packaging/docker/Dockerfile in a bare Debian 12 and tries the result (image.py); or the first
# stage, which compiles this commit for about ten minutes.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
show_help "${BASH_SOURCE[0]}" "$@"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
bare_root "$work/root"
say "the steps of the Dockerfile"
if [[ $1 == --build ]]; then
  git clone -q . "$work/source"
  python3 packaging/check/image.py "$work/root" --build "$work/source"
  ls -l "$work"/root/src/build/release/packages/*.deb
else
  python3 packaging/check/image.py "$work/root" "$(dirname "$1")"
fi
say "the image is in order"
