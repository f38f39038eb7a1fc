#!/usr/bin/env bash
# usage: ./dev bench [--messages N] [--partitions N] [--bytes N] [--runs N]
#
# Drains a backlog from a real Kafka into a sink that swallows inserts, with freshet and with a bare librdkafka
# consumer in the same run. Prints rows per second, rows per CPU second, the ratio of the two programs' CPU time per
# message, and peak memory.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
build release freshet freshet-bench bare-consumer
exec build/release/freshet-bench "$@"
