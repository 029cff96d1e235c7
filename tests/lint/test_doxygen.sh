#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every public function, type and field is documented: doxygen has no warning.
set -u
command -v doxygen >/dev/null || { echo "skipped: doxygen is not installed"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$ASHLAR_SOURCE" || exit 1
{ cat docs/Doxyfile; echo "OUTPUT_DIRECTORY = $folder"; } | doxygen - >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
[ ! -s "$folder/log" ] || { cat "$folder/log"; exit 1; }
grep -q ash_model_predict "$folder"/html/ashlar_8h.html || { echo "ash_model_predict has no page"; exit 1; }
