#!/usr/bin/env bash
# usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage outcomes_raw|errors]
#                    [--delivery exactly-once|at-least-once | --compare-delivery] [--store] [--raw-insert]
#                    [-- FRESHET-OPTIONS]
#        ./dev bench partitions [--partitions N,N,...] [--rate N] [--warm-up SECONDS] [--seconds SECONDS] [--messages N]
#        ./dev bench total [--messages N] [--partitions N] [--bytes N] [--runs N] [--only engine|freshet] [--server-times]
#                         [--quiet-seconds N] [--table-settings TEXT] [--engine-settings TEXT] [--rows N] [--insert-rows N]
#                         [--formats NAME,...] [-- FRESHET-OPTIONS]
#        ./dev bench cost [--partitions N,N,...] [--bytes N,N,...] [--messages N] [--megabytes N] [--runs N] [--plot FILE]
#                         [-- FRESHET-OPTIONS]
#        ./dev bench threads [--bytes N,N,...] [--partitions N] [--messages N] [--megabytes N] [--runs N]
#                          [--storage outcomes_raw|errors] [-- FRESHET-OPTIONS]
#        ./dev bench renewal [RENEWALS [PART-OF-A-ROW'S-NAME]]
#
# Consumes a backlog from a real Kafka with freshet and with a bare librdkafka consumer, in the same run. A sink accepts the
# inserts and drops them. Prints rows per second, rows per CPU second, the ratio of the two programs' CPU time per message,
# and peak memory. --delivery: freshet's delivery; the table has the deduplication window that exactly-once delivery needs.
# --compare-delivery: instead of the bare consumer, freshet runs with both deliveries, in pairs; prints the ratios of CPU
# time and time for each pair. --store: ClickHouse stores the rows, and its CPU time counts, too. --raw-insert: besides, a
# program that only checks the messages and inserts them as they are, uncompressed and with LZ4 (bench/raw_insert.cc).
#
# partitions: with 1, 8, 64 and 256 partitions and both deliveries, rows and inserts per second, and the latency from the
# broker's timestamp of a message to the acknowledged insert of its row (p50, p99), under a steady load of 5,000 messages a
# second; then rows per second of a backlog. Takes about 20 minutes.
#
# total: all CPU time between a topic and a MergeTree table, per row, in turns: with ClickHouse's own Kafka table engine and a
# materialized view, and with freshet. Counts the server until its merges have ended, and freshet; checks that each run stored
# every row once. Then the server's CPU time for inserts of the same rows in different formats (docs/performance.md). Takes about
# five minutes.
#
# cost: CPU time per message of freshet and of the bare consumer, over the number of partitions (1 to 256) and over the size of
# messages (100 bytes to 1 MB), as tables and, with --plot, as an SVG file. Takes about three minutes.
#
# threads: CPU time per message of the main loop, librdkafka, the workers and the writers; the rate at which the main loop needs
# a whole core, and how many workers keep up with it. Takes about two minutes.
#
# renewal: measures what a renewal of the Kafka consumer costs a group of three members, with static membership and with
# leave and rejoin; also with group.protocol=consumer if librdkafka supports it (2.4 or later).
# FRESHET_DEV_PRESET: use another build directory than release.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
contained "$@"
if [[ "${1:-}" == renewal ]]; then
  shift
  preset="${FRESHET_DEV_PRESET:-release}"
  build "$preset" freshet-local-clickhouse freshet-bench-renewal
  exec "build/$preset/freshet-bench-renewal" "$@"
fi
if [[ "${1:-}" == partitions ]]; then
  shift
  build release freshet freshet-local-clickhouse freshet-bench-partitions
  exec build/release/freshet-bench-partitions "$@"
fi
if [[ "${1:-}" == total ]]; then
  shift
  build release freshet freshet-local-clickhouse freshet-bench-total
  exec build/release/freshet-bench-total "$@"
fi
if [[ "${1:-}" == cost ]]; then
  shift
  build release freshet freshet-bench-cost bare-consumer
  exec build/release/freshet-bench-cost "$@"
fi
if [[ "${1:-}" == threads ]]; then
  shift
  build release freshet freshet-bench-threads
  exec build/release/freshet-bench-threads "$@"
fi
build release freshet freshet-local-clickhouse freshet-bench bare-consumer raw-insert
exec build/release/freshet-bench "$@"
