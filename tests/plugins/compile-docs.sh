#!/bin/sh
# The plugins of docs/plugin-abi.md compile out of tree and are what they say.
# usage: compile-docs.sh COMPILER HEADERS DOCUMENT TRAWL
set -eu
compiler=$1 headers=$2 document=$3 trawl=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Each block that begins with "/* NAME.c:" becomes that file.
awk -v folder="$folder" '
    /^```c$/ { block = 1; next }
    /^```$/ { block = 0; file = ""; next }
    block == 1 { block = 2; split($2, name, ":"); file = folder "/" name[1] }
    block == 2 && file { print > file }' "$document"

for name in headings lines latest; do
    # shellcheck disable=SC2046 # pkg-config gives words
    "$compiler" -std=c11 -Wall -Wextra -Werror -shared -fPIC -I "$headers" $(pkg-config --cflags jansson) \
        "$folder/$name.c" -o "$folder/$name.so" $(pkg-config --libs jansson)
    "$trawl" plugin check "$folder/$name.so" | grep "^$name 1.0.0, a"
done
