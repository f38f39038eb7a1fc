# Sourced by the commands: defines paths, and the programs that tests and the demo start.
set -euo pipefail
FRESHET_DEV_CACHE="${FRESHET_DEV_CACHE:-${HOME:-/root}/.cache/freshet}"
kafka_version=4.1.1
chdb_version=26.5.0
otlp_version=1.45.2
node_version=24.19.0
export FRESHET_DEV_CACHE
export FRESHET_DEV_KAFKA_DIR="${FRESHET_DEV_KAFKA_DIR:-$FRESHET_DEV_CACHE/kafka-$kafka_version}"
export FRESHET_DEV_CHDB_LIB="${FRESHET_DEV_CHDB_LIB:-$FRESHET_DEV_CACHE/chdb-$chdb_version/libchdb.so}"
export FRESHET_DEV_REDIS_SERVER="${FRESHET_DEV_REDIS_SERVER:-/usr/bin/redis-server}"
export FRESHET_DEV_CLICKHOUSE_SERVER="${FRESHET_DEV_CLICKHOUSE_SERVER:-/usr/sbin/clickhouse-server}"
# A Python with the official protobufs of OpenTelemetry, in which the tests decode what freshet sends.
FRESHET_DEV_OTLP="$FRESHET_DEV_CACHE/opentelemetry-proto-$otlp_version"
export FRESHET_DEV_OTLP_PYTHON="${FRESHET_DEV_OTLP_PYTHON:-$FRESHET_DEV_OTLP/bin/python3}"
export FRESHET_DEV_PROMTOOL="${FRESHET_DEV_PROMTOOL:-$FRESHET_DEV_CACHE/promtool}"
# npm, if setup.sh had to fetch it.
FRESHET_DEV_NODE="$FRESHET_DEV_CACHE/node-$node_version"
[[ ! -d $FRESHET_DEV_NODE ]] || PATH="$PATH:$FRESHET_DEV_NODE/bin"
# The packages that the demo is compiled and linked against, and with those that the program and its tests are.
demo_library_packages=(
  libcurl4-openssl-dev liblz4-dev libzstd-dev libssl-dev libyaml-cpp-dev libfmt-dev zlib1g-dev nlohmann-json3-dev
  libsimdjson-dev libdragonbox-dev libexpected-dev libboost-dev libcpp-httplib-dev
)
library_packages=("${demo_library_packages[@]}" librdkafka-dev libgtest-dev libgmock-dev)
jobs="${FRESHET_DEV_JOBS:-$(nproc)}"

say() { printf '== %s\n' "$*" >&2; }

# retry COMMAND ARGS...: for what asks a server.
retry() {
  local pause
  for pause in 5 15 30 60 0; do
    "$@" && return 0
    say "failed: $*; $([[ $pause == 0 ]] && echo "no further attempt" || echo "retry in $pause s")"
    sleep "$pause"
  done
  return 1
}

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

# show_help FILE ARGS...: prints the comment at the top of FILE when the first argument asks for help.
show_help() {
  if [[ "${2:-}" == --help || "${2:-}" == -h ]]; then
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"
    exit 0
  fi
}

# contained ARGS...: continues the calling script in a process whose descendants all end with it (contain.py), with a
# temporary folder that is then removed.
contained() {
  [[ -z "${FRESHET_DEV_CONTAINED:-}" ]] || return 0
  local work
  work="$(mktemp -d)"
  # The folder of the servers' data. If the default place is small (a tmpfs), it is next to the build.
  if (($(df --output=avail -k "$work" | tail -1) < 2000000)); then
    rmdir "$work"
    mkdir -p build
    work="$(mktemp -d -p "$PWD/build")"
  fi
  FRESHET_DEV_CONTAINED=yes TMPDIR="$work" exec python3 tools/dev/contain.py --remove "$work" bash "${BASH_SOURCE[1]}" "$@"
}

# build PRESET [TARGET...]: configures if necessary, also after a change of the presets, and builds.
build() {
  local preset="$1"
  shift
  [[ "build/$preset/build.ninja" -nt CMakePresets.json ]] || cmake --preset "$preset" >/dev/null
  nice cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"} >&2
}
