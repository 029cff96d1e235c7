# SPDX-License-Identifier: GPL-3.0-or-later
# slow_adding.sh - docs/adding.md and the strategy of docs/strategies.md, followed to the letter in a copy of the sources
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tree"
tar -C "$ASHLAR_SOURCE" --exclude=./build --exclude=./.git --exclude=node_modules -cf - . | tar -C "$folder/tree" -xf -
cd "$folder/tree"

# "`FILE`:" is followed by the whole file, "In `REGISTRY`:" by a line to append. strategies.md says the same in one sentence each.
cat docs/adding.md docs/strategies.md | awk '
    /`:$/ {
        file = $0
        sub(/`:$/, "", file)
        sub(/.*`/, "", file)
    }
    /^```c$/ { if (file == "") { print "a listing without a file" > "/dev/stderr"; exit 1 } inside = 1; next }
    /^```$/ && inside { inside = 0; file = ""; next }
    inside { print >> file; print file > "touched" }'
for f in $(sort -u touched); do echo "adding.md: $f"; done
[ "$(sort -u touched | wc -l)" = 16 ]
rm touched
build=$folder/build
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DASHLAR_TESTS=OFF >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cmake --build "$build" >"$folder/log" 2>&1 || { tail -40 "$folder/log"; exit 1; }
ASHLAR_SOURCE=$PWD bash tests/lint/test_house.sh
ASHLAR_SOURCE=$PWD bash tests/lint/test_includes.sh

cd "$folder"
ashlar=$build/ashlar
"$ashlar" formats --format csv | grep '^stripes,'
printf 'input: [4, 4, 1]\nlayers:\n  - {op: scale, factor: 2}\n  - {op: flatten}\n  - {op: dense, out: 2}\n' >arch.yaml
"$ashlar" cost arch.yaml --format csv | grep ",32,82," # 32 MACs; 64 + 2 + 16 FLOPs
cat >run.yaml <<'RUN'
data: {type: stripes, samples: 120}
space:
  stages:
    - {name: body, block: [scaled_conv, identity], width: [2, 4, 6], kernel: [1, 3]}
train: {epochs: 2}
search: {strategy: hill, objectives: [error, model_kib]}
budget: {evaluations: 6}
RUN
"$ashlar" run run.yaml --db run.db
printf '%s\n' 'data: {type: synthetic}' 'space: {stages: [{name: a, block: dense, width: [2, 4]}]}' 'train: {epochs: 1}' \
    'search: {objectives: [mse, macs]}' 'budget: {evaluations: 2}' >values.yaml
"$ashlar" run values.yaml --db values.db
"$ashlar" query values.db --columns mse,test_mse --format csv | tr -d '\r' | grep '^[0-9.]*,[0-9.]*$'
"$ashlar" report run.db --format genomes -o genomes.txt
grep -q . genomes.txt
"$ashlar" report run.db -o sizes.tikz --figure sizes
grep -q 'xlabel={MACs}' sizes.tikz
"$ashlar" query run.db --pareto error,model_kib --format csv | grep model_kib
