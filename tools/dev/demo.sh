#!/usr/bin/env bash
# usage: ./dev demo [--kafka] [--seconds N] [--rate EVENTS] [--plain]
#        ./dev demo --time
#
# Builds freshet and runs it in one terminal with an embedded Kafka broker, a local ClickHouse engine and a generator of web
# events, some of them malformed. The Kafka consumer is renewed every 5 s, without a rebalance. Ctrl-C ends it. The exit
# status is 0 only if ClickHouse contains every valid event exactly once and the dead-letter topic contains exactly the
# malformed ones. It installs and compiles only what it needs (build/demo): freshet without the data sets of Snuba,
# and with less optimisation than ./dev build.
#   --kafka         use a real Apache Kafka instead of the embedded broker; installs what ./dev test needs
#   --seconds N     end after N seconds
#   --rate EVENTS   events per second (20000)
#   --plain         print one line per second instead of the screen; default if the output is not a terminal
#   --time          run it in a bare Debian 12 and say how long that took (tools/dev/demo_time.sh)
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
[[ "${1:-}" != --time ]] || exec bash tools/dev/demo_time.sh
scope=--demo
[[ " $* " != *" --kafka "* ]] || scope=--all  # Java and Kafka
bash tools/dev/setup.sh "$scope"
contained "$@"
build demo freshet freshet-demo freshet-local-clickhouse
exec build/demo/freshet-demo "$@"
