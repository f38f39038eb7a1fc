#!/usr/bin/env bash
# usage: ./dev fuzz [SECONDS] [NAME...]
#
# Builds the fuzzers with clang and runs each fuzzer, or the named ones, for SECONDS (60). Writes new inputs that reach new
# code to build/fuzz/corpus/NAME. Writes inputs that crash or take a minute beside it, and then ends with status 1. Prints for
# each fuzzer the number of inputs and of the covered edges of the product's code, and the total at the end. `./dev test`
# replays the saved corpora (fuzz/NAME/corpus) under ASan and UBSan.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
seconds="${1:-60}"
targets=()
for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
build fuzz freshet "${targets[@]}"  # includes the program, because clang checks what g++ does not (locks)
names=("${@:2}")
if [[ ${#names[@]} -eq 0 ]]; then
  for source in fuzz/*_fuzz.cc; do names+=("$(basename "$source" _fuzz.cc)"); done
fi
total=0
for name in "${names[@]}"; do
  mkdir -p "build/fuzz/corpus/$name"
  say "fuzzing $name for $seconds s"
  status=0
  "build/fuzz/fuzz/${name}_fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=60 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/corpus/$name-" "build/fuzz/corpus/$name" "fuzz/$name/corpus" \
    >"build/fuzz/corpus/$name.log" 2>&1 || status=$?
  log="build/fuzz/corpus/$name.log"
  grep -aE "ERROR|SUMMARY|Test unit" "$log" || true
  runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  edges="$(grep -aoE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2 || true)"
  all="$(sed -nE 's/^INFO: Loaded 1 (modules|PC tables).*\(([0-9]+)( PCs\)| inline).*/\2/p' "$log" | head -1)"
  printf '%-24s %10s executions   %6s of %s edges\n' "$name" "${runs:-0}" "${edges:-0}" "${all:-?}"
  total=$((total + ${runs:-0}))
  if [[ $status -ne 0 ]]; then
    say "$name failed; the whole output is in $log"
    exit 1
  fi
done
printf '%-24s %10s executions\n' total "$total"
