#!/usr/bin/env bash
# usage: ./dev demo [--kafka] [--seconds N] [--rate EVENTS] [--plain]
#
# Builds freshet and runs its main job in one terminal: an embedded Kafka broker (with --kafka a real one), a local
# ClickHouse engine, a generator of web events of which a few are malformed, and freshet between them. Ctrl-C ends it
# (--seconds N by itself). Exit status 0 only if a query in ClickHouse counts exactly the valid events, none missing
# and none twice, and the dead-letter topic holds exactly the malformed ones.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
build release freshet freshet-demo freshet-local-clickhouse
exec build/release/freshet-demo "$@"
