#!/usr/bin/env bash
# usage: ./dev soak [renewal | sigterm | memory | flow] [GTEST-OPTIONS]
#        ./dev soak faults [--faults N] [--seed S] [--every SECONDS] [--only KIND]... [--list]
#                        [--delivery at-least-once|exactly-once]
#
# Without a name: long runs with real servers and faults: ClickHouse down for two minutes, members killed, brokers
# restarted, the admin server under attack for a minute. Takes tens of minutes. --gtest_filter='*TwoMinutes*' runs one test.
#
# renewal: ten thousand renewals of the Kafka consumer (FRESHET_SOAK_RENEWALS=N: another number), as many clients created
# and destroyed, three members for two minutes, three processes for ten minutes with renewal enabled in Redis
# (FRESHET_DEV_SOAK_MINUTES=N), 200 processes stopped at random moments (FRESHET_DEV_SOAK_STOPS=N), and renewals with a
# coordinator that answers after 5, 10 and 20 s.
#
# sigterm: sends SIGTERM to 300 members of each kind (static, dynamic, cooperative; KIP-848 if librdkafka supports it) at
# random moments (FRESHET_SOAK_SIGTERMS=N). The other members must own all partitions within a minute, half of a session
# timeout.
#
# memory: messages that unpack, rows larger than their messages, messages of many megabytes. The process must stay below the
# limit that --memory-limit-bytes implies.
#
# flow: the random tests of the engine, without servers, with 20,000 seeds each (FRESHET_FLOW_SEEDS=N: another number).
#
# faults: 200 faults (--faults N), one every 6 s on average (--every), while 2,000 messages a second are produced: members
# killed, frozen with an insert under way, terminated, started, renewed; the broker killed and stopped; offset commits delayed,
# lost, late and repeated; ClickHouse killed, answering 500, 252 and 241, hanging, resetting connections, losing answers; a
# view that fails; partitions added. The table rejects one row in ten thousand, and one message in two thousand is malformed.
# The group, the table and the faults depend on the seed only (--list prints them; an even seed's table has columns for
# partition and offset; with half of the seeds, members send Native or JSONEachRow inserts of a data set of Snuba); --only 'member killed' restricts the kinds. At the end a separate program compares Kafka with
# ClickHouse and prints what is lost or stored twice. The exit status is 0 if nothing is lost and, with --delivery
# exactly-once, nothing is stored twice. Logs: build/release/fault-logs/seed-S.
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
if [[ "${1:-}" == flow ]]; then
  shift
  programs=(flow_random_test flow_chaos_test flow_exactly_once_test flow_two_processes_test)
  build release "${programs[@]}"
  export FRESHET_FLOW_SEEDS="${FRESHET_FLOW_SEEDS:-20000}"
  for program in "${programs[@]}"; do "build/release/tests/$program" "$@"; done
  exit
fi
if [[ "${1:-}" == faults ]]; then
  shift
  build release freshet freshet-local-clickhouse soak-faults soak-faults-verifier
  exec build/release/tests/soak-faults "$@"
fi
build release freshet freshet-local-clickhouse soak
exec build/release/tests/soak "$@"
