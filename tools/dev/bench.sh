#!/usr/bin/env bash
# usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N] [--storage outcomes_raw|errors]
#        ./dev bench renewal [RENEWALS [PART-OF-A-ROW'S-NAME]]
#
# Consumes a backlog from a real Kafka with freshet and with a bare librdkafka consumer, in the same run. A sink accepts the
# inserts and drops them. Prints rows per second, rows per CPU second, the ratio of the two programs' CPU time per message,
# and peak memory.
#
# renewal: measures what a renewal of the Kafka consumer costs a group of three members, with static membership and with
# leave and rejoin; also with group.protocol=consumer if librdkafka supports it (2.4 or later, see CONTRIBUTING.md).
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
build release freshet freshet-bench bare-consumer
exec build/release/freshet-bench "$@"
