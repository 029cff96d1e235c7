#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong inputs: each ends with the status that it should have, exactly one message on standard error that says what is
# wrong, and the database as it was.
. "$(dirname "$0")/lib.sh"
small_run good.yaml
"$ASHLAR" run good.yaml -q --db good.db --evaluations 8 >/dev/null 2>err.txt || { cat err.txt; exit 1; }
expected=$(digest good.db)
cases=0

# refuses STATUS PATTERN COMMAND...: the message is one that starts with "ashlar" and matches; the lines below it may only show a place or list
# differences, indented.
refuses() {
    local status=$1 pattern=$2 got
    shift 2
    cases=$((cases + 1))
    "$@" >out.txt 2>err.txt </dev/null
    got=$?
    [ $got -eq "$status" ] || fail "$*: status $got, not $status: $(head -3 err.txt)"
    [ "$(grep -c '^ashlar' err.txt)" -eq 1 ] || fail "$*: not one message: $(cat err.txt)"
    grep -Eq -- "$pattern" err.txt || fail "$*: no \"$pattern\" in: $(cat err.txt)"
}

# A run file with one change: sed's script, then status and pattern.
broken() { # SED STATUS PATTERN
    sed "$1" good.yaml >broken.yaml
    cmp -s good.yaml broken.yaml && fail "sed changed nothing: $1"
    refuses "$2" "$3" "$ASHLAR" run broken.yaml --quiet --db good.db
}
set_() { refuses 2 "$2" "$ASHLAR" run good.yaml --quiet --db good.db --set "$1"; } # ASSIGNMENT PATTERN

# ---- the command line
refuses 2 'did you mean "run"' "$ASHLAR" rnu
refuses 2 'run file' "$ASHLAR" run
refuses 2 'No such file' "$ASHLAR" run absent.yaml
refuses 2 'whole number' "$ASHLAR" run good.yaml --threads two
refuses 2 'section.key=value|expected' "$ASHLAR" run good.yaml --set train
refuses 2 'No such file' "$ASHLAR" data info nothing.csv
refuses 2 'architecture' "$ASHLAR" train

# ---- typos in every section, at their line
broken 's/^seed:/sede:/' 2 'broken.yaml:1.*did you mean "seed"'
broken 's/limit: 300/limti: 300/' 2 'broken.yaml:2.*did you mean "limit"'
broken 's/stages:/stagse:/' 2 'broken.yaml:4.*stagse'
broken 's/width: \[4, 8\]/widht: [4, 8]/' 2 'broken.yaml:5.*width'
broken 's/block: conv,/block: conf,/' 2 'broken.yaml:5.*did you mean "conv"'
broken 's/pool: \[global/pool: [golbal/' 2 'golbal'
broken 's/epochs:/epohcs:/' 2 'broken.yaml:8.*did you mean "epochs"'
broken 's/strategy: nsga2/strategy: nsga3/' 2 'broken.yaml:9.*did you mean "nsga2"'
broken 's/lookahead/lookahaed/' 2 'broken.yaml:9.*did you mean "lookahead"'
broken 's/objectives: \[error/objectives: [eror/' 2 'did you mean "error"'
broken 's/evaluations:/evaluatoins:/' 2 'broken.yaml:10.*did you mean "evaluations"'
broken 's/type: digits/type: digist/' 2 'did you mean "digits"'
set_ execution.treads=2 '--set.*did you mean "threads"'
set_ evaluator.timeout=2 'did you mean "timeout_s"'
set_ evaluator.type=trian 'did you mean "train"'

# ---- structure, types, ranges
broken '/^seed/p' 2 'seed'
broken 's/^seed: 7/seed: [1/' 2 'broken.yaml'
broken 's/^seed: 7/seed: \&a 7/' 2 'anchor'
{ echo 'a: &a [x, x, x, x, x, x, x, x]'; for i in b c d e f g; do echo "$i: &$i [*a, *a, *a, *a, *a, *a]"; done; } >bomb.yaml
refuses 2 'anchor|alias' "$ASHLAR" run bomb.yaml --db good.db
printf 'seed: 1\n\tdata: x\n' >tab.yaml
refuses 2 'tab.yaml:2' "$ASHLAR" run tab.yaml --db good.db
refuses 2 'directory' "$ASHLAR" run . --db good.db
broken 's/epochs: 3/epochs: many/' 2 'broken.yaml:8'
broken 's/epochs: 3/epochs: 0/' 2 'epochs'
broken 's/seed: 7/seed: -1/' 2 'broken.yaml:1'
broken 's/width: \[4, 8\]/width: {from: 8, to: 4}/' 2 'broken.yaml:5'
broken 's/width: \[4, 8\]/width: []/' 2 'broken.yaml:5'
broken 's/repeat: \[0, 1\]/repeat: [0, 99]/' 2 'broken.yaml:6'
broken 's/bits: \[2, 8\]/bits: [2, 3]/' 2 'broken.yaml:6'
broken 's/objectives: \[error, macs, model_bytes\]/objectives: []/' 2 'objective'
set_ search.objectives='[macs, macs]' 'twice'
set_ search.soft_constraints='[macs < 5k, eror <= 0.1]' 'did you mean "error"'
set_ search.soft_constraints='[error]' 'is no constraint'
set_ 'search.constraints=["model_bytes < lots"]' 'lots'
set_ 'search.constraints=["bytes <= 64K"]' 'bytes'
set_ reference='[1]' '3 objectives'
set_ isa=x86-64-v9 'kernel level'
set_ input='[8, 8]' 'channels'
sed '/^space/,/^  head/d' good.yaml >nospace.yaml
refuses 2 'space' "$ASHLAR" run nospace.yaml --db good.db

# ---- spaces that hold nothing
refuses 2 'feasible' "$ASHLAR" run good.yaml -q --db none.db --set 'search.constraints=["model_bytes <= 10"]'
cat >small8.yaml <<'EOF'
data: {type: digits, limit: 100, val_limit: 50}
space: {stages: [{block: conv, width: [4, 6], kernel: 3, groups: 4}]}
train: {epochs: 1}
EOF
refuses 2 'groups' "$ASHLAR" run small8.yaml -q --db groups.db --set 'space.stages=[{block: conv, width: 6, kernel: 3, groups: 4}]'
refuses 2 '.' "$ASHLAR" run small8.yaml -q --db strides.db --set \
    'space.stages=[{block: conv, width: 4, repeat: 5, kernel: 3, stride: 2, padding: 0}]'

# ---- data
data() { refuses 2 "$1" "$ASHLAR" data info "$2" --no-baselines; } # PATTERN FILE
rows() { for i in $(seq 30); do echo "$i.5,$((i * 7 % 13)),c$((i % 3))"; done; }
{ echo a,b,class; rows; echo 1,2,lonely; } >lonely.csv
data 'lonely' lonely.csv
{ echo a,b,class; rows; echo 1,2; } >ragged.csv
data 'ragged.csv:32' ragged.csv
{ echo a,b,class; rows; echo NaN,2,c1; } >nan.csv
data 'nan.csv:32' nan.csv
{ echo a,b,class; rows; echo '1,"2,c1'; } >quote.csv
data 'quote.csv:32' quote.csv
{ echo a,b,class; rows; echo word,2,c1; } >word.csv
data 'word' word.csv
: >empty.csv
data 'empty' empty.csv
refuses 2 'did you mean "class"|clas' "$ASHLAR" data info lonely.csv --set data.label=clas
idx() { printf "\\0\\0\\10\\$1"; shift; for n in "$@"; do printf "\\0\\0\\0\\$(printf %o "$n")"; done; }
mkdir set
{ idx 3 20 4 4; head -c 320 /dev/zero; } >set/train-images-idx3-ubyte
{ idx 1 20; for i in $(seq 20); do printf "\\$((i % 2))"; done; } >set/train-labels-idx1-ubyte
cp -r set short && truncate -s -5 short/train-images-idx3-ubyte
data 'train-images' short
cp -r set mismatch && { idx 1 19; head -c 19 /dev/zero; } >mismatch/train-labels-idx1-ubyte
data '19' mismatch
cp -r set range
refuses 2 'label|class' "$ASHLAR" data info range --no-baselines --set 'data.classes=[only]'
echo garbage >set/train-images-idx3-ubyte
data 'train-images' set

# ---- architectures
arch() { printf '%s\n' "$1" >net.yaml; refuses 2 "$2" "$ASHLAR" train net.yaml --data digits; } # TEXT PATTERN
arch '{input: [8, 8, 1], layers: [{op: conv3d, out: 10}]}' 'did you mean "conv2d"'
arch '{input: [28, 28, 1], layers: [{op: dense, out: 10}]}' '28 x 28'
arch '{input: [8, 8, 1], layers: [{op: dense, out: 9}]}' '9 outputs'
arch '{input: [8, 8, 1], layers: [{op: conv2d, out: 6, kernel: 3, groups: 4}, {op: dense, out: 10}]}' 'groups'
arch '{input: [8, 8, 1], layers: [{op: max_pool, kernel: 9, padding: valid}, {op: dense, out: 10}]}' '9'

# ---- databases and the world
refuses 2 'not.*(database|Ashlar)|database' "$ASHLAR" run good.yaml -q --db good.yaml
head -c 3000 good.db >cut.db
refuses 1 'cut.db' "$ASHLAR" verify cut.db
refuses 1 'cut.db' "$ASHLAR" run good.yaml -q --db cut.db
if command -v sqlite3 >/dev/null; then
    sqlite3 other.db 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'
    refuses 2 'other.db' "$ASHLAR" run good.yaml -q --db other.db
    cp good.db newer.db && sqlite3 newer.db 'PRAGMA user_version = 999'
    refuses 2 'newer' "$ASHLAR" verify newer.db
fi
refuses 2 'trial 4711' "$ASHLAR" verify good.db 4711
refuses 2 'another run' "$ASHLAR" run good.yaml -q --db good.db --seed 99
refuses 2 '/nowhere' "$ASHLAR" run good.yaml -q --db /nowhere/x.db
refuses 1 'full|large|space' bash -c "ulimit -f 40; exec '$ASHLAR' run good.yaml -q --db full.db --evaluations 60"
"$ASHLAR" run good.yaml -q --db busy.db --evaluations 100000 >/dev/null 2>&1 &
writer=$!
for _ in $(seq 100); do [ -e busy.db-writer ] && break; sleep 0.05; done
refuses 1 'being written' "$ASHLAR" run good.yaml -q --db busy.db
kill -9 $writer; wait $writer 2>/dev/null
refuses 1 'standard output' bash -c "'$ASHLAR' data info digits --no-baselines >&-"
refuses 1 'closed' bash -c "set -o pipefail; { sleep 0.5; '$ASHLAR' --help; } | true"
refuses 1 'write standard output' bash -c "'$ASHLAR' --help >/dev/full"

# ---- a comma locale reads and writes points
comma=$(locale -a 2>/dev/null | grep -iE '^(de_DE|fr_FR|nl_NL).*utf' | head -1)
LC_ALL=${comma:-de_DE.UTF-8} "$ASHLAR" run good.yaml -q --db comma.db --evaluations 8 --set train.lr=0.1 >/dev/null 2>err.txt || fail "comma: $(cat err.txt)"
same "digest in a comma locale" "$expected" "$(digest comma.db)"

same "digest after all wrong inputs" "$expected" "$(digest good.db)"
command -v sqlite3 >/dev/null && same integrity ok "$(sqlite3 good.db 'PRAGMA integrity_check')"
echo "$cases wrong inputs"
[ $cases -ge 40 ] || fail "only $cases wrong inputs"
finish
