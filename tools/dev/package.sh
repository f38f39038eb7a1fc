#!/usr/bin/env bash
# usage: ./dev package [--check] [deb|tarball|arm64]...
#
# Builds the program and makes the packages that are named, or deb and tarball, in build/release/packages:
#   deb       freshet_VERSION_ARCHITECTURE.deb for Debian 12
#   tarball   freshet-VERSION-linux-MACHINE.tar.gz for any Linux with glibc 2.34 or later
#   arm64     the tarball for arm64, cross-compiled, in build/arm64/packages; only if named, because it takes a second build
# A package replaces an older one of its kind; the others stay.
# Installs only what the program is compiled with. The version is that of CMakeLists.txt if the commit has the tag vVERSION;
# otherwise it is a lower one with the commit's time and hash.
#   --check   also tries packages and image in a bare Debian and checks manual, unit and Kubernetes files (packaging/check);
#             as root, installs what that needs
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
check="" kinds=()
for argument in "$@"; do
  case $argument in
    --check) check=yes ;;
    deb | tarball | arm64) kinds+=("$argument") ;;
    *) say "unknown: $argument; see ./dev package --help"; exit 2 ;;
  esac
done
[[ ${#kinds[@]} -gt 0 ]] || kinds=(deb tarball)
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

make_deb() {
  rm -rf build/release/packages/freshet_*.deb build/release/packages/_CPack_Packages
  build release package_files
  # Debian's own changelog has an entry for each package.
  gzip -9n >build/release/package/changelog.gz <<TEXT
freshet ($version) bookworm; urgency=medium

  * What changed is in CHANGELOG.md.gz beside this file.

 -- freshet maintainers <maintainers@freshet.example>  $(date -u -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
TEXT
  (cd build/release && cpack --config CPackConfig.cmake -D CPACK_DEBIAN_PACKAGE_VERSION="$version" >packages.log) ||
    { cat build/release/packages.log >&2; return 1; }
  made="$(echo "$PWD"/build/release/packages/freshet_*.deb)"
}

# make_tarball PRESET [TARGET OF tools/dev/static_libraries.sh]
make_tarball() {
  local libraries
  libraries="$(bash tools/dev/static_libraries.sh "${@:2}")"
  mkdir -p "build/$1"
  # Ninja does not know that the static libraries changed.
  rm -f "build/$1/freshet-portable" "build/$1"/packages/freshet-*.tar.gz
  ln -sfn "$libraries" "build/$1/static"
  build "$1" freshet-portable manual
  made="$(bash packaging/tarball/make.sh "$1" "${version/\~/-}")"
}

make_arm64() {
  bash tools/dev/arm64_sysroot.sh
  make_tarball arm64 arm64
}

checks() {
  case $1 in
    deb) echo contents debian service first_day image kubernetes ;;
    *) echo tarball ;;
  esac
}

checkers=(debootstrap mandoc man-db groff-base zsh systemd systemd-container python3-venv openssl binutils)
if [[ -n $check ]] && ! dpkg-query -W "${checkers[@]}" >/dev/null 2>&1; then
  retry apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${checkers[@]}" >/dev/null
fi
for kind in "${kinds[@]}"; do
  case $kind in
    deb) make_deb ;;
    tarball) make_tarball release ;;
    arm64) make_arm64 ;;
  esac
  say "$made"
  [[ -n $check ]] || continue
  for one in $(checks "$kind"); do bash "packaging/check/$one.sh" "$made"; done
done
