#!/usr/bin/env bash
# usage: ./dev demo [--kafka] [--seconds N] [--rate EVENTS] [--plain]
#
# Builds freshet and runs its main job in one terminal: an embedded Kafka broker (with --kafka a real one), a local
# ClickHouse engine, a generator of web events of which a few are malformed, and freshet between them. Ctrl-C ends it
# (--seconds N by itself). Exit status 0 only if a query in ClickHouse counts exactly the valid events, none missing
# and none twice, and the dead-letter topic holds exactly the malformed ones.
#   --kafka         a real Apache Kafka: the session is renewed every 5 s, with pauses of milliseconds and no rebalance
#                   (the embedded broker: once a minute, by leave and rejoin, which takes it six seconds)
#   --seconds N     end after N seconds
#   --rate EVENTS   events per second (20000)
#   --plain         one line a second instead of the picture; so it is without a terminal
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
contained "$@"
build release freshet freshet-demo freshet-local-clickhouse
exec build/release/freshet-demo "$@"
