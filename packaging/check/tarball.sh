#!/usr/bin/env bash
# usage: bash packaging/check/tarball.sh TARBALL
#
# Checks that the program of a tarball needs only glibc, and none after 2.34, and that it runs without any other library: that of
# this machine's architecture in a bare Debian 12 where it is installed as its README says, that of arm64 in QEMU.
source "$(dirname "${BASH_SOURCE[0]}")/root.sh"
in_bare_debian "${BASH_SOURCE[0]}" "$@"
tarball="$1"
newest_glibc=2.34
server=""
trap '[[ -z $server ]] || kill "$server" || true; rm -rf "$work"' EXIT
tar -C "$work" -xzf "$tarball"
top="$(echo "$work"/freshet-*)"
[[ "$top" == "$work/$(basename "$tarball" .tar.gz)" ]]

needs_only_glibc() {
  say "libraries and symbol versions"
  local others versions newest
  others="$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so\.6|libm\.so\.6|ld-linux-.*)$' || true)"
  [[ -z $others ]] || fail "the program needs $others"
  versions="$(readelf -V -W "$1" | grep -o 'Name: [A-Z]*_[A-Z0-9._]*' | cut -d' ' -f2 | sort -Vu)"
  if grep -v '^GLIBC_2' <<<"$versions"; then fail "versions of another library"; fi
  newest="$(tail -1 <<<"$versions")"
  [[ "$(printf '%s\n' "$newest" "GLIBC_$newest_glibc" | sort -V | tail -1)" == "GLIBC_$newest_glibc" ]] ||
    fail "glibc $newest is needed: $(readelf --dyn-syms -W "$1" | grep -F "@$newest")"
}

has_licences() {
  local name
  for name in openssl curl librdkafka gcc fmtlib simdjson yaml-cpp lz4 zstd zlib valijson common/Apache-2.0 common/GPL-3; do
    [[ -s $top/LICENSES/$name ]] || fail "no licence of $name"
  done
}

# says PATTERN COMMAND...: whatever its exit status.
says() {
  local said
  said="$("${@:2}" 2>&1 || true)"
  grep -q -- "$1" <<<"$said" || fail "${*:2} does not say '$1': $said"
}

# try COMMAND...: what needs no server, with the command in front of freshet's arguments.
try() {
  say "trying the program"
  says '^freshet [0-9]' "$@" --version
  says 'usage: freshet COMMAND' "$@" --help
  says '^table: default.events' "$@" run --config "$example" --print-config
  says '"rows":\[{"a":1}\]' "$@" process --processor json <<<'{"message": "eyJhIjoxfQ=="}'
  # An exception of yaml-cpp, thus the unwinder: older_glibc.cc
  says 'no YAML' "$@" run --config /dev/stdin <<<'{'
}

try_in_qemu() {
  local sysroot=build/arm64-sysroot library
  mkdir -p "$work/glibc/lib/aarch64-linux-gnu"
  for library in libc.so.6 libm.so.6 ld-linux-aarch64.so.1; do
    cp -L "$sysroot/lib/aarch64-linux-gnu/$library" "$work/glibc/lib/aarch64-linux-gnu/"
  done
  cp "$work"/glibc/lib/aarch64-linux-gnu/ld-* "$work/glibc/lib/"
  example="$top/share/doc/freshet/example.yaml"
  try qemu-aarch64-static -L "$work/glibc" "$top/bin/freshet"
}

# The lines of README.md.
install_in_root() {
  say "installing in a bare Debian"
  cp -r "$top" "$root/root/freshet"
  local commands
  commands="$(awk '/^## Installation/ { on = 1 } on && /^```/ { if (inside) exit; inside = 1; next } inside' "$top/README.md")"
  here bash -euc "cd /root/freshet; $commands"
  example=/etc/freshet/events.yaml
}

# A ClickHouse that knows its version, behind TLS; the root has the certificate where Fedora and RHEL keep theirs.
finds_certificates() {
  say "TLS with the certificates of the system"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
  python3 packaging/check/https.py "$work/cert.pem" "$work/key.pem" >"$work/port" 2>"$work/refused" &
  server=$!
  until [[ -s $work/port ]]; do kill -0 $server; sleep 0.1; done
  local check=(freshet check --config "$example" --clickhouse-url "https://localhost:$(cat "$work/port")" --bootstrap-server 127.0.0.1:1)
  says certificate here "${check[@]}"
  install -D "$work/cert.pem" "$root/etc/pki/tls/certs/ca-bundle.crt"
  says 'ClickHouse: version 26.1' here "${check[@]}"
  says certificate here env SSL_CERT_FILE=/none "${check[@]}"
}

stops_in_order() {
  say "running the service's command as freshet"
  local command status=0 run
  command="$(sed -n 's/^ExecStart=//p' "$root/usr/local/lib/systemd/system/freshet@.service" | sed 's/%i/events/g')"
  here sed -i 's/localhost:9092/127.0.0.1:1/; s/localhost:8123/127.0.0.1:2/' /etc/freshet/events.yaml
  here install -d -o freshet /run/freshet/events
  here setpriv --reuid=freshet --regid=freshet --init-groups bash -c "echo \$\$ >/run/freshet/events/pid; exec $command" \
    >"$work/log" 2>&1 &
  run=$!
  for _ in $(seq 100); do
    [[ ! -f $root/run/freshet/events/health ]] || break
    sleep 0.1
  done
  kill -TERM "$(cat "$root/run/freshet/events/pid")"
  wait $run || status=$?
  [[ $status -eq 0 && -f $root/run/freshet/events/health ]] || fail "status $status: $(cat "$work/log")"
}

needs_only_glibc "$top/bin/freshet"
has_licences
if [[ $tarball == *-aarch64.tar.gz && "$(uname -m)" != aarch64 ]]; then
  try_in_qemu
else
  install_in_root
  try here freshet
  finds_certificates
  stops_in_order
fi
say "the tarball is in order"
