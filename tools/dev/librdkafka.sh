#!/usr/bin/env bash
# usage: bash tools/dev/librdkafka.sh
#
# Builds the librdkafka that freshet is linked with from its released source, unless that was done before, and prints the
# folder that holds it (include/ and lib/librdkafka.a), which is below ${FRESHET_DEV_CACHE:-~/.cache/freshet}. The source is
# in Confluent's npm package for JavaScript. SSL, curl, lz4 and zstd are Debian's. cmake/librdkafka.cmake tests what the
# library supports, because its configure script leaves out what it does not find. cmake/arm64.cmake sets
# FRESHET_DEV_SYSROOT and pkg-config's variables to build it for arm64.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
version=2.15.1
package=@confluentinc/kafka-javascript@1.10.1
checksum=ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66
# Another one after each change of this file and for each architecture, so that neither checkouts nor machines that share
# the folder take each other's.
machine="$(uname -m)" for_machine=()
if [[ -n ${FRESHET_DEV_SYSROOT:-} ]]; then
  machine=aarch64
  for_machine=("CC=aarch64-linux-gnu-gcc --sysroot=$FRESHET_DEV_SYSROOT" LD=aarch64-linux-gnu-ld AR=aarch64-linux-gnu-ar
    NM=aarch64-linux-gnu-nm OBJDUMP=aarch64-linux-gnu-objdump STRIP=aarch64-linux-gnu-strip RANLIB=aarch64-linux-gnu-ranlib)
fi
target="$FRESHET_DEV_CACHE/librdkafka-$version-$machine-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-8)"

fetch() {
  say "fetching librdkafka $version"
  retry npm pack --silent --pack-destination "$work" "$package" >/dev/null
  echo "$checksum  $(echo "$work"/*.tgz)" | sha256sum --check --quiet
  tar -xzf "$work"/*.tgz -C "$work" package/deps/librdkafka
}

compile() {
  say "building librdkafka $version"
  # No GSSAPI: it needs libsasl2 and Kerberos. Frame pointers and line tables as in our own code, for profiles.
  env "${for_machine[@]}" CFLAGS="-O2 -g1 -fno-omit-frame-pointer" ./configure --disable-gssapi >"$work/log" 2>&1 &&
    make -s -C src -j "$jobs" librdkafka.a >>"$work/log" 2>&1
}

install_into() {
  mkdir -p "$1/include/librdkafka" "$1/lib"
  cp src/rdkafka.h src/rdkafka_mock.h "$1/include/librdkafka/"
  cp src/librdkafka.a LICENSES.txt "$1/lib/"
}

if [[ ! -d $target ]]; then
  mkdir -p "$FRESHET_DEV_CACHE"
  work="$(mktemp -d "$FRESHET_DEV_CACHE/librdkafka.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  fetch
  cd "$work/package/deps/librdkafka"
  if ! compile; then
    tail -30 "$work/log" >&2
    say "librdkafka $version could not be built"
    exit 1
  fi
  install_into "$work/installed"
  # In one step: there is none, or a whole one. Another process may have been faster.
  if ! reason="$(mv -T "$work/installed" "$target" 2>&1)" && [[ ! -d $target ]]; then
    say "librdkafka $version cannot be moved into $FRESHET_DEV_CACHE: $reason"
    exit 1
  fi
fi
echo "$target"
