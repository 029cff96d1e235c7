#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# reports/WebLibrary.cmake where npm fails or is absent: AUTO goes on without the chart library, ON stops; and the lock file has no addresses.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0
complain() { echo "FAILED: $*" >&2; failures=$((failures + 1)); }

mkdir "$folder/source" "$folder/bin"
cp -r "$ASHLAR_SOURCE/reports/web" "$ASHLAR_SOURCE/reports/WebLibrary.cmake" "$folder/source"
cat > "$folder/source/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(library NONE)
include(WebLibrary.cmake)
ashlar_web_library(${CMAKE_CURRENT_BINARY_DIR}/library.js)
END
printf '#!/bin/sh\necho "npm error network is unreachable" >&2\necho more >&2\nexit 1\n' > "$folder/bin/npm"
chmod +x "$folder/bin/npm"

# configure NAME OPTIONS...
configure()
{
    local name=$1
    shift
    cmake -G Ninja -S "$folder/source" -B "$folder/$name" "$@" > "$folder/$name.log" 2>&1
}

configure offline -DASHLAR_WEB_ASSETS=AUTO -DNPM="$folder/bin/npm" || complain "AUTO offline: $(cat "$folder/offline.log")"
[ -f "$folder/offline/library.js" ] && [ ! -s "$folder/offline/library.js" ] || complain "AUTO offline: library.js is not empty"
grep -q 'own charts (npm ci failed: npm error network is unreachable)' "$folder/offline.log" || complain "AUTO offline does not say why"
configure absent -DASHLAR_WEB_ASSETS=AUTO -DNPM=OFF || complain "AUTO without npm: $(cat "$folder/absent.log")"
grep -q 'own charts (npm was not found)' "$folder/absent.log" || complain "AUTO without npm does not say so: $(cat "$folder/absent.log")"
configure on -DASHLAR_WEB_ASSETS=ON -DNPM="$folder/bin/npm" && complain "ON offline goes on"
grep -q 'network is unreachable' "$folder/on.log" || complain "ON offline does not say why"
configure off -DASHLAR_WEB_ASSETS=OFF -DNPM="$folder/bin/npm" || complain "OFF fails"
[ -f "$folder/off/library.js" ] && [ ! -s "$folder/off/library.js" ] || complain "OFF: library.js is not empty"

grep -Eq '"resolved"|https?://' <(grep -v '"url"' "$ASHLAR_SOURCE/reports/web/package-lock.json") && complain "the lock file has download addresses"
grep -q '"integrity": "sha512-' "$ASHLAR_SOURCE/reports/web/package-lock.json" || complain "the lock file has no hashes"
[ $failures = 0 ]
