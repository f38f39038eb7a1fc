#!/usr/bin/env bash
# usage: bash packaging/check/first_day.sh PACKAGE
#
# Types the commands of docs/first-day.md in a bare Debian 12 that is booted with systemd-nspawn, and compares their output
# with the document's (first_day.py). Kafka is a real one. ClickHouse is the current engine of the tests, behind a proxy that
# has users (first_day/logins.py). Skipped where nspawn cannot boot.
source "$(dirname "${BASH_SOURCE[0]}")/../../tools/dev/environment.sh"
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
build release freshet-local-clickhouse
here=packaging/check/first_day
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
root="$work/root"
mkdir "$root"

# What the servers need, and systemd; a minute of downloads, so it is kept. curl and Python are also the user's tools.
servers=(systemd systemd-sysv dbus curl default-jre-headless python3 libcpp-httplib0.11 libfmt9)
kept="$FRESHET_DEV_CACHE/debian-12-with-servers-$(echo "${servers[*]}" | sha256sum | cut -c1-8).tar"
if [[ -f $kept ]]; then
  tar -C "$root" -xf "$kept"
  reach_packages "$root"
else
  say "a bare Debian with systemd, Java and Python"
  bare_root "$root"
  in_root "$root" bash -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends ${servers[*]}" \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  rm "$root/usr/sbin/policy-rc.d"
  keep_root "$root" "$kept"
fi

install -D -t "$root/root" "$1"
# The machine has no network once it is booted: what the package depends on is there already.
in_root "$root" bash -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends --download-only /root/freshet_*.deb' \
  >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
echo debian >"$root/etc/hostname"
printf '127.0.0.1 localhost debian\n::1 localhost\n' >"$root/etc/hosts"
mkdir -p "$root/opt/kafka/libs" "$root/opt/clickhouse"
touch "$root/opt/clickhouse/libchdb.so"
install -t "$root/opt/kafka" "$here/server.properties"
install -t "$root/opt/clickhouse" "$here/logins.py" build/release/freshet-local-clickhouse
install -t "$root/usr/local/bin" "$here/clickhouse-client"
for tool in topics console-producer storage; do install "$here/kafka-tool" "$root/usr/local/bin/kafka-$tool.sh"; done
install -t "$root/etc/systemd/system" -m 644 "$here"/*.service
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
for unit in kafka clickhouse-server; do ln -s "../$unit.service" "$root/etc/systemd/system/multi-user.target.wants/"; done
python3 packaging/check/first_day.py "$root"
