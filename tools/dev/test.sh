#!/usr/bin/env bash
# usage: ./dev test [--fast]
#
# Builds and runs every test: unit, flow and contract tests, and integration tests with real Kafka, ClickHouse and Redis.
# Beside them it runs the unit, flow and golden tests under ASan+UBSan, and under TSan the unit tests of most modules
# with threads. Prints `N passed, N failed` at the end.
#   --fast   without the sanitizer runs
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
fast="${1:-}"
bash tools/dev/setup.sh
contained "$@"

failed_parts=0
# run_tests PRESET NAME CTEST-ARGS...: the results of the programs go to build/PRESET/results, a summary to NAME.xml there.
run_tests() {
  local preset="$1" name="$2"
  shift 2
  (cd "build/$preset" && ctest --output-on-failure --no-tests=error -j 2 "$@" --output-junit "results/$name.xml") >&2 || true
}
# What needs no servers is built and run at low priority, while the other tests wait for their servers.
in_process_tests() {
  say "build and tests (release, without servers)"
  build release
  run_tests release in-process -L '^(unit|flow|golden)$'
  [[ $fast == --fast ]] && return
  local preset
  for preset in asan tsan; do
    say "build and tests ($preset)"
    build "$preset" sanitized_tests
    run_tests "$preset" sanitized -L '^sanitized$'
  done
}

rm -rf build/{release,asan,tsan}/results
summaries=(build/release/results/{programs,in-process}.xml)
[[ $fast == --fast ]] || summaries+=(build/{asan,tsan}/results/sanitized.xml)

say "lint"
bash tools/lint/modules.sh || failed_parts=$((failed_parts + 1))
say "build (release, tests with servers)"
build release program_tests
# Its output is printed when it has ended.
(
  renice -n 15 -p "$BASHPID" >/dev/null
  in_process_tests
) >build/in-process-tests.log 2>&1 &
in_process=$!
say "tests with servers (the others run beside them; build/in-process-tests.log)"
run_tests release programs -LE '^(unit|flow|golden)$'
wait "$in_process" || failed_parts=$((failed_parts + 1))
cat build/in-process-tests.log >&2
python3 tools/dev/count_results.py --failed-parts "$failed_parts" "${summaries[@]}"
