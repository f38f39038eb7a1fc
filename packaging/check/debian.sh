#!/usr/bin/env bash
# usage: bash packaging/check/debian.sh PACKAGE
#
# Installs the package in a bare Debian 12, tries the program, runs the command of its systemd unit as the service's account
# against servers that are down, stops it, installs it again, and purges the package. There is no systemd in that root:
# service.sh boots one.
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
in_bare_debian "${BASH_SOURCE[0]}" "$@"
package="$1"

as_service() { here setpriv --reuid=freshet --regid=freshet --init-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"; }
# Paths and accounts that belong to freshet.
traces() {
  (cd "$root" && find . -xdev -iname '*freshet*' -not -path './proc/*' -not -path './dev/*' -not -path './tmp/*' \
    -not -path './var/log/*' && grep -H freshet etc/passwd etc/group etc/shadow etc/gshadow) || true
}

here apt-get update -qq
cp "$package" "$root/tmp/freshet.deb"

say "installing"
here apt-get install -y -qq --no-install-recommends /tmp/freshet.deb >"$root/tmp/install.log" 2>&1 || { cat "$root/tmp/install.log"; exit 1; }
[[ "$(here freshet --version)" == freshet\ * ]] || fail "--version"
here freshet --help | grep -q 'usage: freshet COMMAND' || fail "--help"
here freshet run --config /etc/freshet/example.yaml --print-config | grep -q '^table: default.events' || fail "the example"
here stat -c '%a %U:%G' /etc/freshet /etc/freshet/example.yaml | paste -sd' ' |
  grep -qx '2750 root:freshet 640 root:freshet' || fail "who may read /etc/freshet: $(here stat -c '%a %U:%G %n' /etc/freshet/)"

say "running the service's command as freshet"
here cp /etc/freshet/example.yaml /etc/freshet/events.yaml
here sed -i 's/localhost:9092/127.0.0.1:1/; s/localhost:8123/127.0.0.1:2/' /etc/freshet/events.yaml
here bash -c 'umask 027; echo secret >/etc/freshet/events.clickhouse-password; sed -i "s/^# clickhouse_\(user\|password\)/clickhouse_\1/" /etc/freshet/events.yaml'
if here setpriv --reuid=nobody --regid=nogroup --clear-groups cat /etc/freshet/events.yaml 2>/dev/null; then fail "everybody can read secrets"; fi
command="$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/freshet@.service" | sed 's/%i/events/g')"
here install -d -o freshet -g freshet /run/freshet/events
as_service bash -c "echo \$\$ >/run/freshet/events/pid; exec $command" >"$root/tmp/service.log" 2>&1 &
service=$!
for _ in $(seq 100); do
  [[ -f $root/run/freshet/events/health ]] && break
  kill -0 $service || { cat "$root/tmp/service.log"; fail "the service ended"; }
  sleep 0.1
done
[[ -f $root/run/freshet/events/health ]] || fail "no health file: $(cat "$root/tmp/service.log")"
grep -q waits_for_table "$root/tmp/service.log" || fail "$(cat "$root/tmp/service.log")"
kill -TERM "$(cat "$root/run/freshet/events/pid")"
status=0
wait $service || status=$?
[[ $status -eq 0 ]] || fail "exit status $status after SIGTERM: $(cat "$root/tmp/service.log")"
if grep config_warning "$root/tmp/service.log" | grep -qv dead-letter-topic; then fail "$(cat "$root/tmp/service.log")"; fi

say "a configuration that is refused"
here bash -c 'echo no_such_setting: 1 >>/etc/freshet/events.yaml'
status=0
as_service bash -c "$command" 2>/dev/null || status=$?
grep -qx "RestartPreventExitStatus=$status" "$root/usr/lib/systemd/system/freshet@.service" || fail "exit status $status"

say "installing again"
here apt-get install -y -qq --reinstall /tmp/freshet.deb >"$root/tmp/install.log" 2>&1 || { cat "$root/tmp/install.log"; exit 1; }
[[ -f $root/etc/freshet/events.yaml ]] || fail "the configuration is gone"

say "purging"
here apt-get purge -y -qq freshet >"$root/tmp/purge.log" 2>&1 || { cat "$root/tmp/purge.log"; exit 1; }
[[ -z "$(traces)" ]] || fail "left behind: $(traces)"
say "the package is in order"
