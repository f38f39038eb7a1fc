#!/usr/bin/env bash
# usage: bash packaging/check/service.sh PACKAGE
#
# Boots a bare Debian 12 with systemd in systemd-nspawn and tries the unit there: its restrictions, what follows each exit
# status, an upgrade, and a purge while a service runs. Skipped on machines where nspawn cannot boot.
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
in_bare_debian "${BASH_SOURCE[0]}" "$@"

say "a bare Debian with systemd"
cp "$1" "$root/root/freshet.deb"
in_root "$root" bash -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends systemd systemd-sysv dbus /root/freshet.deb' \
  >"$root/root/log" 2>&1 || { cat "$root/root/log"; exit 1; }
rm "$root/usr/sbin/policy-rc.d"

cat >"$root/root/try" <<'TRY'
#!/bin/bash
set -euo pipefail
trap 'echo "failed in line $LINENO: $BASH_COMMAND"; journalctl --no-pager -u freshet@events | tail -20' ERR
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
property() { systemctl show --value --property "$1" freshet@events; }
within_10_s() { for _ in {1..100}; do "$@" && return 0; sleep 0.1; done; echo "not within 10 s: $*"; return 1; }
runs() { [[ -e /run/freshet/events/health && $(property ActiveState) == active && $(property MainPID) != "${1:-0}" ]]; }
ends() { [[ $(property ActiveState) == "$1" ]]; }

sed 's/localhost:9092/127.0.0.1:1/; s/localhost:8123/127.0.0.1:2/' /etc/freshet/example.yaml >/etc/freshet/events.yaml
systemctl enable --now freshet@events
within_10_s runs
process="$(property MainPID)"
echo "started"
grep -q '^Seccomp:.*2$' "/proc/$process/status"
grep -q '^NoNewPrivs:.*1$' "/proc/$process/status"
grep -q '^CapEff:.*0000000000000000$' "/proc/$process/status"
[[ $(stat -c %U "/proc/$process") == freshet ]]

kill -KILL "$process"
within_10_s runs "$process"
echo "started again after SIGKILL"
systemctl stop freshet@events
[[ $(property ExecMainStatus) == 0 && $(property ActiveState) == inactive && ! -e /run/freshet/events ]]
echo "stopped with status 0"

cp /etc/freshet/events.yaml /etc/freshet/good
echo 'no_such_setting: 1' >>/etc/freshet/events.yaml
systemctl start freshet@events
within_10_s ends failed
[[ $(property NRestarts) == 0 && $(property ExecMainStatus) == 2 ]]
echo "not started again after a wrong setting"

mv /etc/freshet/good /etc/freshet/events.yaml
systemctl start freshet@events
within_10_s runs
process="$(property MainPID)"
dpkg -i /root/freshet.deb >/dev/null
within_10_s runs "$process"
echo "started again by an upgrade"
dpkg --purge freshet >/dev/null 2>&1
! getent passwd freshet
[[ ! -e /etc/freshet && ! -e /run/freshet && ! -L /etc/systemd/system/multi-user.target.wants/freshet@events.service ]]
echo "everything is in order"
TRY
chmod 755 "$root/root/try"
cat >"$root/etc/systemd/system/try.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/root/try >/root/result 2>&1; systemctl --no-block poweroff'
TimeoutStartSec=120
[Install]
WantedBy=graphical.target
UNIT
mkdir -p "$root/etc/systemd/system/graphical.target.wants"
ln -s ../try.service "$root/etc/systemd/system/graphical.target.wants/try.service"

say "booting it"
timeout 180 systemd-nspawn --quiet --directory "$root" --private-network --register=no --keep-unit --boot >"$root/root/boot" 2>&1 </dev/null || true
if [[ ! -e $root/root/result ]]; then
  tail -3 "$root/root/boot" >&2
  say "SKIPPED: the unit in a running systemd; nspawn cannot boot here"
  exit 0
fi
cat "$root/root/result"
grep -qx "everything is in order" "$root/root/result"
