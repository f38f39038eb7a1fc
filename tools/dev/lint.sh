#!/usr/bin/env bash
# usage: ./dev lint [--fix]
#
# Checks the format (clang-format 14; --fix applies it), the includes between modules, that only src/base reads a clock
# or sleeps, that a module registers its metrics in <module>_metrics.h, and that nothing calls a function of librdkafka
# that may abort the process.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
mode=(--dry-run -Werror)
[[ "${1:-}" == --fix ]] && mode=(-i)
git ls-files '*.cc' '*.h' | xargs clang-format-14 "${mode[@]}"
exec bash tools/lint/modules.sh
