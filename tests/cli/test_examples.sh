#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every run file of examples/ is searched for a moment, and some are shown, reported and verified; wrong blocks are refused with their place
. "$(dirname "$0")/lib.sh"
examples=$ASHLAR_SOURCE/examples

# A table for the tabular example, in the place of the benchmark's: all 15,625 cells, with an accuracy that likes convolutions.
awk 'BEGIN {
    split("none skip_connect nor_conv_1x1 nor_conv_3x3 avg_pool_3x3", op, " ")
    print "arch,test_acc_200ep"
    for (i = 0; i < 15625; i++) {
        for (k = 0; k < 6; k++) e[k] = int(i / 5 ^ k) % 5
        conv = 0; for (k = 0; k < 6; k++) conv += e[k] == 2 || e[k] == 3
        printf "|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|,%.2f\n", op[e[0]+1], op[e[1]+1], op[e[2]+1], op[e[3]+1], op[e[4]+1], op[e[5]+1], 40 + 8 * conv
    }
}' >table.csv

ask() { # DATABASE SQL
    "$ASHLAR" query "$1" --format csv --sql "$2" | tr -d '\r' | tail -n +2
}

try() { # EXAMPLE options of run...
    local name=$1
    shift
    "$ASHLAR" run "$examples/$name.yaml" --db "$name.db" --evaluations 4 --set search.lookahead=1 "$@" >"$name.out" 2>&1 ||
        { fail "run $name: $(cat "$name.out")"; return; }
    same "$name: evaluations" 4 "$(ask "$name.db" "SELECT count(*) FROM trials WHERE status = 'ok'")"
    same "$name: what went wrong" '' "$(ask "$name.db" "SELECT reason FROM trials WHERE status NOT IN ('ok', 'duplicate', 'rejected', 'invalid')")"
}

for file in "$examples"/*.yaml; do
    grep -q '^space:' "$file" || continue
    name=$(basename "$file" .yaml)
    case $name in
    nasbench201) try "$name" --set "evaluator.file=$work/table.csv" ;;
    fashion-mnist) "$ASHLAR" space count "$file" >/dev/null 2>&1 && try "$name" --set train.epochs=1 --set data.limit=200 --set data.val_limit=100 ;;
    *) try "$name" --set train.epochs=1 --set data.limit=200 --set data.val_limit=60 ;;
    esac
done
"$ASHLAR" show mbconv.db 1 >show || fail "show"
grep -q 'early mbconv' show || fail "show does not name the block: $(cat show)"
"$ASHLAR" report mbconv.db -o mbconv.html >/dev/null 2>err || fail "report: $(cat err)"
"$ASHLAR" verify own-block.db >verify 2>&1 || fail "verify: $(cat verify)"
for limit in 'model_bytes > 65536' 'peak_ram_bytes > 32768'; do
    same "microcontroller: trained although $limit" 0 "$(ask microcontroller.db \
        "SELECT count(*) FROM metrics m JOIN trials t USING (run, trial) WHERE t.status = 'ok' AND m.metric = '${limit%% *}' AND m.value > ${limit##* }")"
done

# The block that docs/search-space.md explains.
awk '/^```yaml/ { text = ""; inside = 1; next } /^```$/ { if (inside && text ~ /gated:/) printf "%s", text; inside = 0 } inside { text = text $0 "\n" }' \
    "$ASHLAR_SOURCE/docs/search-space.md" >page.yaml
"$ASHLAR" space check -n 20 page.yaml >page 2>&1 && grep -q '^invalid *0' page || fail "the block of search-space.md: $(cat page)"

refused() { # PLACE WORDS LAYER
    printf 'data: {type: digits}\nspace:\n  blocks:\n    mine:\n      parameters: {width: , k: 3}\n      layers:\n        - %s\n  stages: [{block: mine, width: 4}]\n' "$3" >wrong.yaml
    "$ASHLAR" space count wrong.yaml >out 2>err
    same "status of $3" 2 $?
    grep -q -- "wrong.yaml:$1" err && grep -q -- "$2" err || fail "$3: $(cat err)"
}
refused 7:16 'unknown operator "conv3d"; did you mean "conv2d"?' '{op: conv3d, out: $width}'
refused 7:29 'unknown name $widht; did you mean $width?' '{op: conv2d, out: $widht}'
refused 7:36 'a value with a comma needs quotes' '{op: conv2d, out: max(1, $width / 2)}'
refused 7:30 'layer "later" stands further down' '{op: relu, inputs: later}
        - {op: relu, id: later}'
printf 'data: {type: digits}\nspace:\n  blocks: {half: {layers: [{op: conv2d, out: $in / 2}]}}\n  stages: [{block: half}]\n' >invalid.yaml
"$ASHLAR" space check invalid.yaml >out 2>err
same "status of a space in which nothing decodes" 2 $?
grep -q 'half: layer 1 (conv2d): out must be from 1 to 65536, not 0' err || fail "invalid: $(cat err)"
finish
