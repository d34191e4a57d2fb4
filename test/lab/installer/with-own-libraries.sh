#!/bin/sh
# Stand-in for a static program: runs the one of the same name in lib/ with the libraries next to it.
lib=$(dirname "$(readlink -f "$0")")/lib
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$lib/$(basename "$0")" "$@"
