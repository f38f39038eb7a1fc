#!/usr/bin/env bash
# usage: ./dev fuzz [SECONDS] [NAME...]
#
# Builds the fuzzers with clang and runs each (or those named) for SECONDS (60). New inputs that reach new code go to
# build/fuzz/corpus/NAME; a crash is written beside it and ends the run with status 1. The kept corpora (fuzz/NAME/corpus)
# are replayed by `./dev test`.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
seconds="${1:-60}"
targets=()
for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
build fuzz freshet "${targets[@]}"  # the program too: clang checks what g++ does not (locks, for one)
names=("${@:2}")
if [[ ${#names[@]} -eq 0 ]]; then
  for source in fuzz/*_fuzz.cc; do names+=("$(basename "$source" _fuzz.cc)"); done
fi
for name in "${names[@]}"; do
  mkdir -p "build/fuzz/corpus/$name"
  say "fuzzing $name for $seconds s"
  status=0
  "build/fuzz/fuzz/${name}_fuzz" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/corpus/$name-" "build/fuzz/corpus/$name" "fuzz/$name/corpus" \
    >"build/fuzz/corpus/$name.log" 2>&1 || status=$?
  grep -E "ERROR|SUMMARY|exec_per_sec|number_of_executed|Test unit" "build/fuzz/corpus/$name.log" || true
  if [[ $status -ne 0 ]]; then
    say "$name failed; the whole output is in build/fuzz/corpus/$name.log"
    exit 1
  fi
done
