#!/usr/bin/env bash
# usage: ./dev soak [GTEST-OPTIONS]
#
# Long runs against real servers with faults under way: ClickHouse down for two minutes, members killed, brokers
# restarted. Takes tens of minutes; for example --gtest_filter='*TwoMinutes*' runs one.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
build release freshet freshet-local-clickhouse soak
exec build/release/tests/soak "$@"
