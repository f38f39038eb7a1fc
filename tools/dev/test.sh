#!/usr/bin/env bash
# usage: ./dev test [--fast]
#
# Builds and runs every test: unit, flow and contract tests, and integration tests with real Kafka, ClickHouse and Redis.
# Beside them it runs the unit, flow and golden tests under ASan+UBSan, and the first two under TSan. Prints
# `N passed, N failed` at the end.
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
# sanitizer_tests PRESET LABELS
sanitizer_tests() {
  say "build and tests ($1)"
  build "$1" checked_tests
  run_tests "$1" -L "^($2)\$"
}

say "lint"
bash tools/lint/modules.sh || failed_parts=$((failed_parts + 1))
say "build (release)"
build release
results=(build/release/results)
if [[ $fast != --fast ]]; then
  # At low priority while the integration tests wait for servers. Its output is printed when they are done.
  rm -rf build/{asan,tsan}/results
  (
    renice -n 15 -p "$BASHPID" >/dev/null
    sanitizer_tests asan 'unit|flow|golden'
    sanitizer_tests tsan 'unit|flow'  # the golden tests have one thread
  ) >build/sanitizer-tests.log 2>&1 &
  sanitizers=$!
  results+=(build/asan/results build/tsan/results)
fi
say "tests"
run_tests release
if [[ $fast != --fast ]]; then
  wait "$sanitizers" || failed_parts=$((failed_parts + 1))
  cat build/sanitizer-tests.log >&2
fi
python3 tools/dev/count_results.py --failed-parts "$failed_parts" "${results[@]}"
