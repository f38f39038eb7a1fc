#!/usr/bin/env bash
# usage: ./dev test [--fast]
#
# Builds and runs every test: unit, flow and contract tests, and integration tests with real Kafka, ClickHouse and Redis.
# Then runs the unit, flow and golden tests again under ASan+UBSan and under TSan. Prints `N passed, N failed` at the end.
#   --fast   without the sanitizer runs
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
fast="${1:-}"
bash tools/dev/setup.sh
contained "$@"

failed_parts=0
# run_tests PRESET CTEST-ARGS...
run_tests() {
  local preset="$1"
  shift
  rm -rf "build/$preset/results"
  (cd "build/$preset" && ctest --output-on-failure --no-tests=error -j 2 "$@" --output-junit "results/ctest.xml") >&2 || true
}

say "lint"
bash tools/lint/modules.sh || failed_parts=$((failed_parts + 1))
say "build (release)"
build release
if [[ $fast != --fast ]]; then
  # While the integration tests wait for servers, builds the next presets at low priority. A failure here occurs again
  # below, and is printed there.
  nice -n 19 bash -c 'for preset in asan tsan; do bash tools/dev/build.sh "$preset" checked_tests; done' \
    >/dev/null 2>&1 &
  builds=$!
fi
say "tests"
run_tests release
results=(build/release/results)
if [[ $fast != --fast ]]; then
  wait "$builds" || true
  for preset in asan tsan; do
    say "build and tests ($preset)"
    build "$preset" checked_tests
    run_tests "$preset" -L '^(unit|flow|golden)$'
    results+=("build/$preset/results")
  done
fi
python3 tools/dev/count_results.py --failed-parts "$failed_parts" "${results[@]}"
