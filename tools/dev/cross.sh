#!/usr/bin/env bash
# usage: ./dev cross [TEST...]
#
# Builds the program for arm64 (build/arm64/freshet) and runs unit and golden tests (base, model, columns, processors and all
# of tests/golden, or the TESTs named) in QEMU. Installs the cross compiler and QEMU if they are missing
# (tools/dev/arm64_sysroot.sh); ./dev setup does not.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
bash tools/dev/arm64_sysroot.sh
tests=("$@")
if [[ ${#tests[@]} -eq 0 ]]; then
  tests=(base_test model_test columns_test processors_test)
  for source in tests/golden/*_test.cc; do tests+=("golden_$(basename "$source" .cc)"); done
fi
build arm64 freshet "${tests[@]}"
cd build/arm64
# QEMU's user mode refuses PR_SET_CHILD_SUBREAPER and ignores RLIMIT_AS.
export GTEST_FILTER="-SubprocessTest.TakesItsDaemonsAlong:SubprocessTest.HasNoMoreMemoryThanItMay"
exec ctest --output-on-failure --no-tests=error -R "^($(IFS='|'; echo "${tests[*]}"))\$"
