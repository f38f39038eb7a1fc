#!/usr/bin/env bash
# usage: ./dev soak [renewal | sigterm | memory] [GTEST-OPTIONS]
#
# renewal: ten thousand renewals of the Kafka session (FRESHET_SOAK_RENEWALS=N: another number), as many clients built
# and destroyed, three members for two minutes, three processes for ten minutes with renewal switched on in Redis
# (FRESHET_DEV_SOAK_MINUTES=N), 200 processes stopped at any moment (FRESHET_DEV_SOAK_STOPS=N), renewals beside a
# coordinator that answers 5, 10 and 20 s late.
# sigterm: 300 members of each kind (static, dynamic, cooperative; KIP-848 where the library has it) get SIGTERM at any
# moment of their lives (FRESHET_SOAK_SIGTERMS=N), and the others must own everything within 10 s.
# memory: messages that unpack, rows larger than their messages, messages of many megabytes; the process stays below what
# --memory-limit-bytes promises. Otherwise:
# Long runs against real servers with faults under way: ClickHouse down for two minutes, members killed, brokers
# restarted, the admin server under attack for a minute. Takes tens of minutes; for example --gtest_filter='*TwoMinutes*' runs one.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
contained "$@"
if [[ "${1:-}" == renewal || "${1:-}" == sigterm || "${1:-}" == memory ]]; then
  soak="soak-$1"
  shift
  build release freshet freshet-local-clickhouse "$soak"
  exec "build/release/tests/$soak" "$@"
fi
build release freshet freshet-local-clickhouse soak
exec build/release/tests/soak "$@"
