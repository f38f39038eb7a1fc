#!/usr/bin/env bash
# usage: bash packaging/tarball/make.sh PRESET VERSION
#
# Makes build/PRESET/packages/freshet-VERSION-linux-MACHINE.tar.gz of the built program freshet-portable, which contains every
# library but glibc. The same commit gives the same bytes. Prints the path.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
build="build/$1"
version="$2"
if [[ $1 == arm64 ]]; then machine=aarch64 strip=aarch64-linux-gnu-strip; else machine="$(uname -m)" strip=strip; fi
name="freshet-$version-linux-$machine"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
top="$work/$name"

# put FILE PATH [MODE]
put() { install -D -m "${3:-644}" "$1" "$top/$2"; }

put "$build/freshet-portable" bin/freshet 755
"$strip" "$top/bin/freshet"
for page in "$build"/manual/*.1; do put "$page" "share/man/man1/$(basename "$page")"; done
put "$build/manual/freshet.bash" share/bash-completion/completions/freshet
put "$build/manual/_freshet" share/zsh/site-functions/_freshet
put packaging/config/example.yaml share/doc/freshet/example.yaml
put 'packaging/config/freshet@.service' 'lib/systemd/system/freshet@.service'
sed -i 's|=/usr/bin/freshet|=/usr/local/bin/freshet|' "$top/lib/systemd/system/freshet@.service"
put CHANGELOG.md CHANGELOG.md
put LICENSE LICENSE
put packaging/tarball/README.md README.md
sed -i "s/@VERSION@/$version/; s/@MACHINE@/$machine/" "$top/README.md"
bash packaging/tarball/licenses.sh "$build" "$top/LICENSES"

mkdir -p "$build/packages"
tarball="$PWD/$build/packages/$name.tar.gz"
tar -C "$work" --sort=name --owner=root:0 --group=root:0 --mode=go-w --mtime="@${SOURCE_DATE_EPOCH:-0}" -cf - "$name" |
  gzip -9n >"$tarball"
echo "$tarball"
