# Sourced by the checks: a bare Debian 12 in a folder, and commands in it.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"

# in_bare_debian FILE ARGS...: prints the help of FILE if asked for, or makes a temporary folder $work with that system in $root.
in_bare_debian() {
  show_help "$@"
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  root="$work/root"
  mkdir "$root"
  bare_root "$root"
}

fail() { say "FAILED: $*"; exit 1; }
here() { in_root "$root" "$@"; }

# keep_root FOLDER TAR: in one step, and without package sources, which can hold passwords.
keep_root() {
  local new
  mkdir -p "$(dirname "$2")"
  new="$(mktemp "$2.XXXXXX")"
  tar -C "$1" --exclude=./etc/apt -cf "$new" . || { rm -f "$new"; return 1; }
  mv "$new" "$2"
}

# reach_packages FOLDER: gives it the package sources of this machine, and the certificate authorities that it was told to trust.
# After each unpacking, because they may have changed since.
reach_packages() {
  rm -rf "$1/etc/apt" "$1/usr/local/share/ca-certificates"
  cp -r /etc/apt "$1/etc/apt"
  cp --remove-destination /etc/resolv.conf "$1/etc/resolv.conf"
  [[ ! -d /usr/local/share/ca-certificates ]] || cp -r /usr/local/share/ca-certificates "$1/usr/local/share/"
  [[ ! -x $1/usr/sbin/update-ca-certificates ]] || in_root "$1" update-ca-certificates >/dev/null
}

# bare_root FOLDER: debootstrap's smallest system, made once and kept in the cache.
bare_root() {
  local kept="$FRESHET_DEV_CACHE/bare-debian-12.tar"
  if [[ ! -f $kept ]]; then
    say "making a bare Debian 12"
    local mirror work
    mirror="$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
      awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')"
    work="$(mktemp -d)"
    retry debootstrap --variant=minbase bookworm "$work/root" "$mirror" >"$work/log" || { cat "$work/log" >&2; return 1; }
    keep_root "$work/root" "$kept"
    rm -rf "$work"
  fi
  tar -C "$1" -xf "$kept"
  reach_packages "$1"
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
}

# in_root FOLDER COMMAND...: with /proc and a few devices, which disappear with the command's mount namespace.
in_root() {
  local folder="$1"
  shift
  unshare --mount bash -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' \
    "$folder" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
