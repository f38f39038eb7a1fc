# Sourced by the commands: where things are, and the programs that tests and the demo start.
set -euo pipefail
FRESHET_DEV_CACHE="${FRESHET_DEV_CACHE:-${HOME:-/root}/.cache/freshet}"
kafka_version=4.1.1
chdb_version=26.5.0
export FRESHET_DEV_CACHE
export FRESHET_DEV_KAFKA_DIR="${FRESHET_DEV_KAFKA_DIR:-$FRESHET_DEV_CACHE/kafka-$kafka_version}"
export FRESHET_DEV_CHDB_LIB="${FRESHET_DEV_CHDB_LIB:-$FRESHET_DEV_CACHE/chdb-$chdb_version/libchdb.so}"
export FRESHET_DEV_REDIS_SERVER="${FRESHET_DEV_REDIS_SERVER:-/usr/bin/redis-server}"
export FRESHET_DEV_CLICKHOUSE_SERVER="${FRESHET_DEV_CLICKHOUSE_SERVER:-/usr/sbin/clickhouse-server}"
jobs="${FRESHET_DEV_JOBS:-$(nproc)}"

say() { printf '== %s\n' "$*" >&2; }

# show_help FILE ARGS...: prints the comment at the top of FILE when the first argument asks for help.
show_help() {
  if [[ "${2:-}" == --help || "${2:-}" == -h ]]; then
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"
    exit 0
  fi
}

# build PRESET [TARGET...]: configures (once) and builds.
build() {
  local preset="$1"
  shift
  [[ -f "build/$preset/build.ninja" ]] || cmake --preset "$preset" >/dev/null
  nice cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"} >&2
}
