#!/usr/bin/env bash
# usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage outcomes_raw|errors]
#        ./dev bench renewal [RENEWALS [PART-OF-A-ROW'S-NAME]]
#
# renewal: what a renewal of the Kafka session costs a group of three, with static membership and by leave and rejoin,
# side by side; with a librdkafka that has it (2.4 and later, see CONTRIBUTING.md) also with group.protocol=consumer.
# FRESHET_DEV_PRESET: another build folder than release. Otherwise:
# Drains a backlog from a real Kafka into a sink that swallows inserts, with freshet and with a bare librdkafka
# consumer in the same run. Prints rows per second, rows per CPU second, the ratio of the two programs' CPU time per
# message, and peak memory.
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
build release freshet freshet-bench bare-consumer
exec build/release/freshet-bench "$@"
