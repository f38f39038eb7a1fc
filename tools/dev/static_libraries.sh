#!/usr/bin/env bash
# usage: bash tools/dev/static_libraries.sh [arm64]
#
# Builds what the program of the tarball needs and Debian has no usable static library of: curl (Debian's needs Kerberos and
# LDAP), fmt and simdjson. Prints the folder that holds them (lib/*.a, and licenses/NAME), which is below
# ${FRESHET_DEV_CACHE:-~/.cache/freshet}. The sources are Debian's, of the same versions as the shared libraries and with
# Debian's corrections. They must be those below by their SHA-256. Only curl's corrections, which security updates replace, are
# trusted by Debian's signature, which apt checks. Each source package has a folder of its own for each version.
#   arm64   for the `arm64` preset, whose libraries are unpacked (tools/dev/arm64_sysroot.sh)
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
target="${1:-$(uname -m)}"
sources=(curl fmtlib simdjson)
reviewed="\
cdb38b72e36bc5d33d5b8810f8018ece1baa29a8f215b4495e495ded82bbf3c7  curl_7.88.1.orig.tar.gz
84ce1c2d0be3a9863935137969dcec6970125caac032f82474640bfc81463583  fmtlib_9.1.0+ds1.orig.tar.gz
aead535c0b3d7a02a89f6e004ac62d1e15bdbf8d34c36cd37038dcc7d37bc9e3  fmtlib_9.1.0+ds1-2.debian.tar.xz
156b1bc5eb0561b2bd166b46d191fd3d95a3e709cc63761477d3b7aec2b6e9ed  simdjson_3.0.1.orig.tar.gz
e80e602a3e37211e841017af3c4e2cfa0b2894ad2a259de97dfd047ce8e4b008  simdjson_3.0.1-1.debian.tar.xz"
# Their headers are those of these packages.
declare -A headers=([curl]=libcurl4-openssl-dev [fmtlib]=libfmt-dev [simdjson]=libsimdjson-dev)
curl=(
  -D HTTP_ONLY=ON -D BUILD_CURL_EXE=OFF -D CURL_USE_OPENSSL=ON -D CURL_USE_LIBSSH2=OFF -D CURL_USE_LIBPSL=OFF
  -D USE_LIBIDN2=OFF -D CURL_DISABLE_NTLM=ON -D BUILD_TESTING=OFF
  # Certificates are where OpenSSL looks for them, because a path of Debian's does not exist elsewhere.
  -D CURL_CA_BUNDLE=none -D CURL_CA_PATH=none -D CURL_CA_FALLBACK=ON
)
fmtlib=(-D FMT_TEST=OFF -D FMT_DOC=OFF)
simdjson=(-D SIMDJSON_DEVELOPER_MODE=OFF)
flags="-O2 -g1 -fno-omit-frame-pointer"
toolchain=()
[[ $target != arm64 ]] || toolchain=(-D "CMAKE_TOOLCHAIN_FILE=$PWD/cmake/arm64.cmake" -D CMAKE_C_COMPILER=aarch64-linux-gnu-gcc)

# An apt of its own: the package sources that this machine has from Debian, as sources of source packages.
fetch() {
  mkdir -p "$work"/lists/partial "$work"/cache/archives/partial "$work/source"
  local format='deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)'
  list_sources() { apt-get indextargets --format "$format" 'Created-By: Packages' 'Origin: Debian' | sort -u >"$work/sources.list"; }
  list_sources
  [[ -s $work/sources.list ]] || { retry as_root apt-get update -qq && list_sources; }
  [[ -s $work/sources.list ]] || { say "apt knows no package source of Debian"; return 1; }
  local options=(-qq -o Dir::State::lists="$work/lists" -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=-
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
  retry apt-get "${options[@]}" update
  local name versions=()
  for name in "${sources[@]}"; do versions+=("$name=$(dpkg-query -W -f '${source:Version}' "${headers[$name]}")"); done
  (cd "$work/source" && retry apt-get "${options[@]}" source --download-only "${versions[@]}" >/dev/null) ||
    { say "no sources of the installed versions, ${versions[*]}: upgrade this machine first"; return 1; }
}

# What the source packages consist of is what was reviewed, and nothing else.
check_contents() {
  local unknown
  (cd "$work/source" && sha256sum --check --quiet <<<"$reviewed") || { say "these sources were not reviewed"; return 1; }
  unknown="$(cd "$work/source" && ls | grep -vxFf <(cut -c67- <<<"$reviewed") |
    grep -vE '^curl_7\.88\.1-10\+deb12u[0-9]+\.debian\.tar\.xz$|^curl_7\.88\.1\.orig\.tar\.gz\.asc$|\.dsc$' || true)"
  [[ -z $unknown ]] || { say "sources that were not reviewed: $unknown"; return 1; }
}

compile() {
  local name="$1" options="$1[@]"
  dpkg-source --no-check --extract "$work/source/${name}_"*.dsc "$work/$name" &&
    cmake -S "$work/$name" -B "$work/$name-build" -G Ninja "${toolchain[@]}" "${!options}" -D CMAKE_BUILD_TYPE=None \
      -D CMAKE_C_FLAGS="$flags" -D CMAKE_CXX_FLAGS="$flags" -D CMAKE_POSITION_INDEPENDENT_CODE=ON -D BUILD_SHARED_LIBS=OFF \
      -D CMAKE_INSTALL_PREFIX="$work/installed" -D CMAKE_INSTALL_LIBDIR=lib &&
    nice cmake --build "$work/$name-build" -j "$jobs" --target install &&
    mkdir -p "$work/installed/licenses" && cp "$work/$name/debian/copyright" "$work/installed/licenses/$name"
}

mkdir -p "$FRESHET_DEV_CACHE"
work="$(mktemp -d "$FRESHET_DEV_CACHE/static-libraries.XXXXXX")"
trap 'rm -rf "$work"' EXIT
fetch
check_contents
# Another one after each change of this file and of a source package.
made="$FRESHET_DEV_CACHE/static-$target-$(cat "${BASH_SOURCE[0]}" "$work"/source/*.dsc | sha256sum | cut -c1-8)"
if [[ ! -d $made ]]; then
  for name in "${sources[@]}"; do
    say "building $(basename "$work/source/${name}_"*.dsc .dsc) for $target"
    if ! compile "$name" >"$work/log" 2>&1; then
      tail -30 "$work/log" >&2
      exit 1
    fi
  done
  # In one step; another process may have been faster.
  mv -T "$work/installed" "$made" || [[ -d $made ]]
fi
echo "$made"
