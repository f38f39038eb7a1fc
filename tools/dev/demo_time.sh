#!/usr/bin/env bash
# usage: ./dev demo --time
#
# Runs the demo of the last commit for 12 s in a bare Debian 12 (debootstrap), where nothing is installed or cached, on two
# cores, or one if there is only that. It prints each line of the demo with the seconds since the start, then when the first rows were in ClickHouse, the CPU
# time, and the load of the machine. As root.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source packaging/check/root.sh
show_help "${BASH_SOURCE[0]}" "$@"
needs=(debootstrap git ca-certificates python3)
if ! dpkg-query -W "${needs[@]}" >/dev/null 2>&1; then
  retry apt-get update -qq
  retry env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needs[@]}" >/dev/null
fi
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
bare_root "$root"
git clone -q . "$root/root/freshet"

# with_seconds: puts the seconds since the start before each line.
with_seconds() {
  local line start=$SECONDS rows=""
  while IFS= read -r line; do
    printf '%4d s  %s\n' $((SECONDS - start)) "$line"
    [[ -n $rows || ! $line =~ \ rows\ [1-9] ]] || rows=$((SECONDS - start))
  done
  printf 'rows after %s s\n' "${rows:-?}"
}

say "./dev demo in a bare Debian 12; load: $(cut -d' ' -f1-3 /proc/loadavg)"
# Two of the cores that this process may use.
cores="$(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2], sep=",")')"
TIMEFORMAT='whole run %0R s, CPU time: user %0U s, system %0S s'
status=0
time in_root "$root" HOME=/root taskset -c "$cores" bash -c 'cd /root/freshet && ./dev demo --seconds 12 --plain 2>&1' | with_seconds || status=$?
echo "load: $(cut -d' ' -f1-3 /proc/loadavg)"
exit $status
