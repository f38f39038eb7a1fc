#!/usr/bin/env bash
# usage: ./dev system [TEST...]
#
# Builds the program with Debian's librdkafka (the preset `system`: build/system/freshet) and runs the tests that use Kafka, or
# the TESTs named: the unit tests of `kafka`, `testkit` and `app`, all flow, integration and e2e tests, a sample of
# `./dev soak faults`. Prints `N passed, N failed, N skipped` at the end: a test may be skipped only for what that version of
# librdkafka lacks, which it names. Takes about as long as `./dev test --fast`, of which it is not part.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
contained "$@"
tests="(kafka|testkit|app)_test|contract_client_config_test|(flow|integration|e2e)_.*|faults_sample"
[[ $# -eq 0 ]] || tests="$(IFS='|'; echo "$*")"
tests="^($tests)\$"

build system freshet freshet-local-clickhouse
cd build/system
# Each test has the name of its program, apart from this sample.
mapfile -t programs < <(ctest -N -R "$tests" | sed -n 's/^ *Test *#[0-9]*: //p' |
  sed 's/^faults_sample$/soak-faults\nsoak-faults-verifier/')
[[ ${#programs[@]} -gt 0 ]] || { say "no such test: $*"; exit 2; }
nice cmake --build . -j "$jobs" --target "${programs[@]}" >&2
rm -rf results
# The reasons of skips are in the programs' output.
ctest --output-on-failure --no-tests=error -j 2 -R "$tests" --test-output-size-passed 10000000 \
  --output-junit results/system.xml >&2 || true
exec python3 ../../tools/dev/count_results.py --may-skip "librdkafka $(pkg-config --modversion rdkafka) lacks " results/system.xml
