#!/usr/bin/env bash
# usage: ./dev demo [--kafka] [--seconds N] [--rate EVENTS] [--plain]
#
# Builds freshet and runs it in one terminal with an embedded Kafka broker, a local ClickHouse engine and a generator of web
# events, some of them malformed. The Kafka consumer is renewed every 5 s, without a rebalance. Ctrl-C ends it. The exit
# status is 0 only if ClickHouse contains every valid event exactly once and the dead-letter topic contains exactly the
# malformed ones. Built with Debian's librdkafka (-DFRESHET_LIBRDKAFKA=system), freshet renews its consumer only with --kafka.
#   --kafka         use a real Apache Kafka instead of the embedded broker: the pauses are milliseconds
#   --seconds N     end after N seconds
#   --rate EVENTS   events per second (20000)
#   --plain         print one line per second instead of the screen; default if the output is not a terminal
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
contained "$@"
build release freshet freshet-demo freshet-local-clickhouse
exec build/release/freshet-demo "$@"
