#!/usr/bin/env bash
# Fails on an include that a module's CMakeLists.txt does not declare, on a cycle, and on a clock read or a sleep outside
# src/base and src/testkit. `--self-test` shows that it can fail.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/modules.py" "$@"
