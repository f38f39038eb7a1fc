#!/usr/bin/env bash
# usage: bash packaging/check/contents.sh PACKAGE
#
# Checks the man pages, the completions and the systemd unit of a package.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
files="$(mktemp -d)"
trap 'rm -rf "$files"' EXIT
dpkg-deb -x "$1" "$files"

say "man pages"
for page in "$files"/usr/share/man/man1/*.gz; do
  mandoc -T lint -W warning "$page"
  [[ -z "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)" ]]
done

say "completions"
bash -n "$files/usr/share/bash-completion/completions/freshet"
zsh -n "$files/usr/share/zsh/vendor-completions/_freshet"

say "unit"
unit="$files/usr/lib/systemd/system/freshet@.service"
sed "s|=/usr/bin/freshet|=$files/usr/bin/freshet|" "$unit" >"$files/freshet@.service"
said="$(systemd-analyze verify --man=no "$files/freshet@.service" 2>&1)"
[[ -z $said ]] || { echo "$said" >&2; exit 1; }
# 0 to 100; a unit without any hardening has 96.
systemd-analyze security --offline=true --threshold=15 --no-pager "$files/freshet@.service" | tail -1
