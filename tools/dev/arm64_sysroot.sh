#!/usr/bin/env bash
# usage: bash tools/dev/arm64_sysroot.sh
#
# Prepares what the `arm64` preset needs, unless that was done before: g++-aarch64-linux-gnu and qemu-user-static, and the
# libraries, which are Debian's arm64 packages, unpacked into build/arm64-sysroot from the package sources that this machine
# already uses.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
if ! command -v aarch64-linux-gnu-g++ >/dev/null || ! command -v qemu-aarch64-static >/dev/null; then
  say "installing the cross compiler and QEMU"
  retry as_root apt-get update -qq
  retry as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
    --no-install-recommends g++-aarch64-linux-gnu qemu-user-static >/dev/null
fi
sysroot="$PWD/build/arm64-sysroot"

# An apt of its own: arm64, no package installed, nothing written outside of build/.
make_sysroot() {
  local packages=(libc6-dev libstdc++6 "${library_packages[@]}")
  # With the versions that this machine would install: the libraries are unpacked again after a security update.
  local wanted
  wanted="${packages[*]} $(LC_ALL=C apt-cache policy "${packages[@]}" | sed -n 's/^  Candidate: //p' | xargs)"
  [[ "$(cat "$sysroot/.complete" 2>/dev/null)" == "$wanted" ]] && return 0
  say "unpacking arm64 libraries into $sysroot"
  local apt="$PWD/build/arm64-apt"
  rm -rf "$sysroot" "$apt"
  mkdir -p "$sysroot" "$apt/state/lists/partial" "$apt/cache/archives/partial"
  touch "$apt/state/status"
  local options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
    -o Dir::State="$apt/state" -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=1)
  retry apt-get "${options[@]}" update
  retry apt-get "${options[@]}" install --download-only -y --no-install-recommends "${packages[@]}" >/dev/null
  local package
  for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  # Links to absolute paths would lead out of it.
  find "$sysroot" -type l -lname '/*' -printf '%l %p\0' | while read -r -d '' target link; do
    ln -snrf "$sysroot$target" "$link"
  done
  # Headers only, from wherever ./dev setup put them; see there.
  local include
  for include in /usr/include /usr/local/include; do
    if [[ -d $include/valijson ]]; then cp -r "$include/valijson" "$sysroot/usr/include/"; fi
  done
  rm -rf "$apt"
  echo "$wanted" >"$sysroot/.complete"
}

make_sysroot
