#!/usr/bin/env bash
# Fails on an include that the module's CMakeLists.txt does not declare, on a dependency cycle, on a clock read or a
# sleep outside src/base and src/testkit, on a metric that is registered outside of <module>_metrics.h, and on a call of
# librdkafka that may abort the process.
# `--self-test` tests the checks.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/modules.py" "$@"
