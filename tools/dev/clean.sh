#!/usr/bin/env bash
# usage: ./dev clean
#
# Removes build/. Downloads (${FRESHET_DEV_CACHE:-~/.cache/freshet}) and the compiler cache stay.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
rm -rf build
