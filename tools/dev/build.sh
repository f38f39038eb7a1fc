#!/usr/bin/env bash
# usage: ./dev build [PRESET] [TARGET...]
#
# Builds everything, or the targets, with the preset: release (default), system, debug, asan, tsan or fuzz. The program
# is build/release/freshet.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
bash tools/dev/setup.sh
build "${1:-release}" "${@:2}"
