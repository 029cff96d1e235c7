# SPDX-License-Identifier: GPL-3.0-or-later
# test_infer.sh - ashlar infer: what is stored is what integers say; model files, there and back; other data; wrong inputs
. "$ASHLAR_SOURCE/tests/cli/lib.sh"

value() { # FILE PART ITEM MEASURE: of a CSV answer
    awk -F, -v p="$2" -v i="$3" -v m="$4" '{ sub(/\r$/, "") } $1 == p && $2 == i && $3 == m { print $4 }' "$1"
}
metric() { # DB TRIAL NAME
    "$ASHLAR" query "$1" --where "trial = $2" --columns "$3" --format csv | tail -1 | tr -d '\r'
}

cat >run.yaml <<'EOF'
seed: 3
data: {type: digits, limit: 300, val_limit: 100}
space:
  defaults: {bits: [8, 4, 2, 1], act_bits: [8, 4, 2, 1]}
  stages:
    - {name: stem, block: conv, width: [8, 16], stride: 2, bits: 8, act_bits: 8}
    - {name: body, block: [conv, separable, residual], width: [8, 16]}
  head: {pool: [global, flatten], bits: 8, act_bits: 8}
train: {epochs: 3}
search: {strategy: random, objectives: [error, model_bytes], lookahead: 2}
budget: {evaluations: 4}
EOF
"$ASHLAR" run run.yaml -q >out 2>&1 || fail "run: $(cat out)"

# every trial: the stored error is the error of the integer network, in the database and as a file
for trial in $("$ASHLAR" query run.db --where "status = 'ok'" --columns trial --format csv | tail -n +2 | tr -d '\r'); do
    "$ASHLAR" infer run.db "$trial" --split val --export "$trial.ashm" --predictions "$trial.csv" --format csv >val.csv 2>err || fail "infer: $(cat err)"
    same "error of trial $trial" "$(metric run.db "$trial" error)" "$(value val.csv measure error value)"
    same "samples of trial $trial" 100 "$(value val.csv integer samples value)"
    awk -F, '{ sub(/\r$/, "") } $1 == "confusion" { sum += $4; if ($2 == $3) right += $4 }
        $1 == "measure" && $2 == "accuracy" && $3 == "value" { accuracy = $4 }
        END { d = right / 100 - accuracy; exit !(sum == 100 && d < 1e-9 && d > -1e-9) }' val.csv || fail "confusion matrix of trial $trial"
    wrong=$(tail -n +2 "$trial.csv" | awk -F, '$2 != $3' | wc -l)
    same "wrong answers of trial $trial" "$(value val.csv measure error value)" "$(awk -v w="$wrong" 'BEGIN { print w / 100 }')"
    # the same samples as other data of the same kind
    cat >data.yaml <<'EOF'
data: {type: digits, limit: 300, val_limit: 100}
EOF
    "$ASHLAR" infer "$trial.ashm" --data data.yaml --split val --predictions again.csv --export again.ashm --format csv >again 2>err || fail "a file: $(cat err)"
    cmp -s "$trial.csv" again.csv || fail "trial $trial answers otherwise as a file"
    cmp -s val.csv again || fail "the figures of trial $trial are others as a file"
    cmp -s "$trial.ashm" again.ashm || fail "trial $trial is another file the second time"
done

front=$("$ASHLAR" query run.db --columns trial --format csv | tail -1 | tr -d '\r')
"$ASHLAR" infer run.db "$front" >out 2>&1 || fail "infer: $(cat out)"
grep -q "^integer network of trial $front of run.db: .* steps, .* bytes as a file, .* bytes of activations" out || fail "heading: $(cat out)"
grep -q '(test), .* per second, all arithmetic on integers' out || fail "the split of the front: $(cat out)"
same "test error" "$(metric run.db "$front" test_error)" "$("$ASHLAR" infer run.db "$front" --format csv | awk -F, '$2 == "error" && $3 == "value" { print $4 }' | tr -d '\r')"
"$ASHLAR" infer "$front.ashm" >out 2>&1 || fail "a file alone: $(cat out)"
grep -q '^input 8 x 8 x 1 of 8 bits, 10 answers' out || fail "what a file is: $(cat out)"

# damage, and wrong inputs
wrong() { # MESSAGE ARGUMENTS...
    local message=$1
    shift
    "$ASHLAR" infer "$@" >out 2>&1
    same "status of infer $*" 2 $?
    grep -qF -- "$message" out || fail "infer $*: expected \"$message\", found: $(cat out)"
}
head -c 200 "$front.ashm" >cut.ashm
{ cat "$front.ashm"; echo; } >longer.ashm
wrong 'cut.ashm: the model file is cut short or damaged: its checksum is another' cut.ashm
wrong 'longer.ashm: the model file is cut short or damaged' longer.ashm
wrong 'run.yaml: this is no Ashlar model file' run.yaml
wrong 'run.db is a database: name a trial, too' run.db
wrong 'name a database and a trial, or a model file'
wrong 'run 1 of run.db has no trial 999' run.db 999
wrong '--split is train, val or test, not "all"' run.db 1 --split all
wrong 'a model file by itself has nothing to answer' "$front.ashm" --predictions x.csv
cat >values.yaml <<'EOF'
data: {type: synthetic}
EOF
wrong 'the network takes 64 values in 1 channels' "$front.ashm" --data values.yaml
"$ASHLAR" run run.yaml -q --db float.db --set 'space.defaults={bits: 32, act_bits: 32}' >out 2>&1 || fail "run: $(cat out)"
float=$("$ASHLAR" query float.db --columns trial --format csv | tail -1 | tr -d '\r')
wrong 'not an integer network: ' float.db "$float"
"$ASHLAR" infer run.db "$front" --export run.db >out 2>&1 && fail "a model file replaced the database"
finish
