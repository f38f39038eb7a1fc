#!/usr/bin/env bash
# usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage outcomes_raw|errors]
#        ./dev bench renewal [RENEWALS]
#
# renewal: what a renewal of the Kafka session costs a group of three, with static membership and by leave and rejoin,
# side by side. Otherwise:
# Drains a backlog from a real Kafka into a sink that swallows inserts, with freshet and with a bare librdkafka
# consumer in the same run. Prints rows per second, rows per CPU second, the ratio of the two programs' CPU time per
# message, and peak memory.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
if [[ "${1:-}" == renewal ]]; then
  shift
  build release freshet-local-clickhouse freshet-bench-renewal
  exec build/release/freshet-bench-renewal "$@"
fi
build release freshet freshet-bench bare-consumer
exec build/release/freshet-bench "$@"
