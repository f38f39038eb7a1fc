#!/usr/bin/env bash
# usage: ./dev clean
#
# Removes build/. Keeps downloads (${FRESHET_DEV_CACHE:-~/.cache/freshet}) and the compiler cache.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
show_help "${BASH_SOURCE[0]}" "$@"
rm -rf build
