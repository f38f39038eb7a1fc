#!/usr/bin/env bash
# usage: ./dev package [--check]
#
# Builds the program and makes build/release/packages/freshet_VERSION_ARCHITECTURE.deb for Debian 12. It installs only what
# the program is compiled with. The version is that of CMakeLists.txt if the commit has the tag vVERSION; otherwise it is
# a lower one with the commit's time and hash.
#   --check   also tries package and image in a bare Debian and checks manual, unit and Kubernetes files (packaging/check);
#             as root, installs what that needs
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh --build

version="$(sed -n 's/^project(freshet VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
if git rev-parse --git-dir >/dev/null 2>&1; then
  SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
  export SOURCE_DATE_EPOCH
  if ! git tag --points-at HEAD | grep -qx "v$version"; then
    version+="~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$(git rev-parse --short=8 HEAD)"
  fi
fi

say "freshet $version"
build release package_files
# Debian's own changelog has an entry for each package.
gzip -9n >build/release/package/changelog.gz <<TEXT
freshet ($version) bookworm; urgency=medium

  * What changed is in CHANGELOG.md.gz beside this file.

 -- freshet maintainers <maintainers@freshet.example>  $(date -u -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
TEXT
rm -rf build/release/packages
(cd build/release && cpack --config CPackConfig.cmake -D CPACK_DEBIAN_PACKAGE_VERSION="$version" >packages.log) ||
  { cat build/release/packages.log >&2; exit 1; }
package="$(echo "$PWD"/build/release/packages/freshet_*.deb)"
say "$package"
[[ "${1:-}" == --check ]] || exit 0
checkers=(debootstrap mandoc man-db groff-base zsh systemd systemd-container python3-venv)
dpkg-query -W "${checkers[@]}" >/dev/null 2>&1 || {
  retry apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${checkers[@]}" >/dev/null
}
for check in contents debian service first_day image kubernetes; do bash "packaging/check/$check.sh" "$package"; done
