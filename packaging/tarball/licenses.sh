#!/usr/bin/env bash
# usage: bash packaging/tarball/licenses.sh BUILD_FOLDER FOLDER
#
# Puts into FOLDER the licences of everything that is linked into the program of the tarball or compiled into it from headers,
# as Debian's packages state them, and those of librdkafka.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
build="$1"
folder="$2"
# Library and package. curl, fmt and simdjson: tools/dev/static_libraries.sh. GCC: libstdc++ and libgcc.
packages=(
  openssl:libssl-dev lz4:liblz4-dev zstd:libzstd-dev zlib:zlib1g-dev yaml-cpp:libyaml-cpp-dev boost:libboost-dev
  nlohmann-json:nlohmann-json3-dev dragonbox:libdragonbox-dev expected:libexpected-dev "gcc:libstdc++-12-dev" glibc:libc6-dev
)

mkdir -p "$folder/common"
for package in "${packages[@]}"; do cp "/usr/share/doc/${package#*:}/copyright" "$folder/${package%%:*}"; done
cp "$build"/static/licenses/* "$folder/"
cp "$(sed -n 's/^FRESHET_LIBRDKAFKA_CHECKED:INTERNAL=//p' "$build/CMakeCache.txt")/lib/LICENSES.txt" "$folder/librdkafka"
# Only its headers are on this machine (tools/dev/setup.sh).
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && retry apt-get -o APT::Sandbox::User=root download -qq libvalijson-dev)
dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO ./usr/share/doc/libvalijson-dev/copyright >"$folder/valijson"
# Texts that they refer to, and that only Debian has in that place.
grep -oh -d skip '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$folder"/* | sort -u | while read -r text; do
  [[ ! -f $text ]] || cp -L "$text" "$folder/common/"
done
echo "The folder common has the texts that these files call /usr/share/common-licenses." >"$folder/README"
