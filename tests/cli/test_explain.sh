# SPDX-License-Identifier: GPL-3.0-or-later
# test_explain.sh - ashlar explain: splits, stored weights and trainings again, three formats, sheets; metrics as objectives; replicates
. "$ASHLAR_SOURCE/tests/cli/lib.sh"

value() { # FILE PART ITEM MEASURE: of a CSV answer
    awk -F, -v p="$2" -v i="$3" -v m="$4" '{ sub(/\r$/, "") } $1 == p && $2 == i && $3 == m { print $4 }' "$1"
}
metric() { # DB TRIAL NAME
    "$ASHLAR" query "$1" --where "trial = $2" --columns "$3" --format csv | tail -1 | tr -d '\r'
}

small_run run.yaml
"$ASHLAR" run run.yaml -q --set 'search.objectives=[balanced_error, macs]' >out || fail "run: $(cat out)"
grep -q 'balanced error (%).*test balanced error (%)' out || fail "the end of a run does not show both: $(cat out)"
front=$("$ASHLAR" query run.db --columns trial --format csv | tail -1 | tr -d '\r')
other=$("$ASHLAR" query run.db --where "status = 'ok' AND trial NOT IN (SELECT trial FROM front_members)" --columns trial --format csv | tail -1 | tr -d '\r')

# what explain measures is what is stored: the validation split exactly as the search saw it, the test split as the run's end did
for trial in "$front" "$other"; do
    "$ASHLAR" explain run.db "$trial" --split val --format csv >val.csv 2>err || fail "explain val: $(cat err)"
    same "error of trial $trial" "$(metric run.db "$trial" error)" "$(value val.csv measure error value)"
    same "balanced error of trial $trial" "$(metric run.db "$trial" balanced_error)" "$(value val.csv measure balanced_error value)"
    same "F1 of trial $trial" "$(metric run.db "$trial" f1_error)" "$(value val.csv measure f1_error value)"
    same "loss of trial $trial" "$(metric run.db "$trial" val_loss)" "$(value val.csv measure loss value)"
    same "split" val "$(value val.csv trial split value)"
    # the matrix holds every sample once, and its diagonal is the accuracy
    awk -F, '{ sub(/\r$/, "") } $1 == "trial" && $2 == "samples" { n = $4 } $1 == "confusion" { sum += $4; if ($2 == $3) right += $4 }
        $1 == "measure" && $2 == "accuracy" && $3 == "value" { accuracy = $4 }
        END { d = right / n - accuracy; exit !(n == 100 && sum == n && d < 1e-9 && d > -1e-9) }' val.csv || fail "confusion matrix of trial $trial"
done
same "a front member's weights are stored" no "$("$ASHLAR" explain run.db "$front" --format csv 2>err | awk -F, '$2 == "trained_again" { sub(/\r/, ""); print $4 }')"
same "nothing to warn of" "" "$(cat err)"
same "other weights are trained again" yes "$(value val.csv trial trained_again value)"
"$ASHLAR" explain run.db "$front" --format csv >test.csv
same "the front's split" test "$(value test.csv trial split value)"
same "test error" "$(metric run.db "$front" test_error)" "$(value test.csv measure error value)"
same "test balanced error" "$(metric run.db "$front" test_balanced_error)" "$(value test.csv measure balanced_error value)"
"$ASHLAR" explain run.db "$other" --split test --format csv >/dev/null 2>err
grep -q 'is not on the front' err || fail "the test split is opened for others without a word: $(cat err)"

# people
"$ASHLAR" explain run.db "$front" >people
for words in "The test split was opened" "accuracy (%)" "recall (%)" "confusion matrix" "went worst"; do
    grep -qF "$words" people || fail "no \"$words\" in: $(cat people)"
done
"$ASHLAR" explain run.db "$front" | cmp -s - people || fail "the same command prints other figures"
"$ASHLAR" explain run.db "$other" | grep -q 'trained again, to the same bits' || fail "training again is not told"

# JSON holds what CSV holds
"$ASHLAR" explain run.db "$front" --format json >all.json
python3 - <<'EOF' || fail "JSON and CSV differ"
import csv, json
facts = json.load(open("all.json"))
rows = list(csv.DictReader(open("test.csv", newline="")))
assert len(rows) > 200
for r in rows:
    v = facts[r["part"]][r["item"]][r["measure"]]
    assert v == r["value"] if isinstance(v, str) else v is None and r["value"] == "" or float(r["value"]) == v, r
assert sum(len(m) for p in facts.values() for m in p.values()) == len(rows)
assert len(facts["confusion"]) == 10 and all(len(row) == 10 for row in facts["confusion"].values())
EOF

# a sheet of four rows of ten
"$ASHLAR" explain run.db "$front" --sheet worst.png >out
grep -q '^wrote worst.png' out || fail "sheet: $(cat out)"
file -b --mime-type worst.png 2>/dev/null | grep -q image/png || [ "$(head -c 8 worst.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "no PNG"
"$ASHLAR" explain run.db "$front" --sheet - --format csv | cmp -s - worst.png || fail "--sheet - is another picture"

# tables: importance; replicates: noise, and every bit again
cat >values.yaml <<'EOF'
data: {type: synthetic, samples: 200}
space: {stages: [{name: hidden, block: dense, width: [4, 8, 16]}]}
train: {epochs: 5}
search: {objectives: [r2_error, mae, error_sd, macs]}
budget: {evaluations: 4}
EOF
"$ASHLAR" run values.yaml -q >out 2>&1 && fail "error_sd without replicates"
grep -q 'values.yaml:4:.*there is no metric "error_sd"; there are error, val_loss, mae, r2_error' out || fail "unknown metric: $(cat out)"
"$ASHLAR" run values.yaml -q --replicates 3 >out 2>&1 || fail "replicates: $(cat out)"
trial=$("$ASHLAR" query values.db --columns trial --format csv | tail -1 | tr -d '\r')
"$ASHLAR" explain values.db "$trial" --format csv >values.csv
same "rows of importance" 4 "$(grep -c '^importance' values.csv)"
same "replicates" "$(metric values.db "$trial" error_2)" "$(value values.csv replicate 2 error)"
same "their mean" "$(metric values.db "$trial" error)" "$(value values.csv replicate mean error)"
"$ASHLAR" explain values.db "$trial" --repeats 0 --format csv | grep -q '^importance' && fail "--repeats 0 shuffles"
"$ASHLAR" verify values.db --all -q >out 2>&1 || fail "verify of replicates: $(cat out)"
"$ASHLAR" run values.yaml -q --replicates 2 >out 2>&1 && fail "another number of replicates resumed the run"
grep -q 'evaluator.replicates' out || fail "the difference is not named: $(cat out)"

# wrong inputs
wrong() { # STATUS MESSAGE ARGUMENTS...
    local status=$1 message=$2
    shift 2
    "$ASHLAR" explain "$@" >out 2>&1
    same "status of explain $*" "$status" $?
    grep -qF -- "$message" out || fail "explain $*: expected \"$message\", found: $(cat out)"
}
wrong 2 'name a database and a trial'
wrong 2 'name a trial of run.db' run.db
wrong 2 'TRIAL takes a whole number, not "best"' run.db best
wrong 2 'run 1 of run.db has no trial 999' run.db 999
wrong 2 '--split is val or test, not "train"' run.db 1 --split train
wrong 2 '--repeats 1 has no deviation' run.db 1 --repeats 1
wrong 2 'none.db: there is no such database' none.db 1
"$ASHLAR" run run.yaml -q --db tight.db --set 'search.constraints=["macs <= 20000"]' --set search.steer=false >/dev/null 2>&1
reject=$("$ASHLAR" query tight.db --where "status = 'infeasible'" --columns trial --format csv 2>/dev/null | sed -n 2p | tr -d '\r')
[ -z "$reject" ] || wrong 2 "trial $reject is infeasible: there is no trained network to ask" tight.db "$reject"
"$ASHLAR" explain run.db "$front" --sheet run.db >out 2>&1 && fail "a sheet replaced the database"
"$ASHLAR" run run.yaml -q --db w.db --set 'train.class_weights=[1, 2]' >out 2>&1
same "status of wrong weights" 2 $?
grep -q 'train.class_weights has 2 numbers, but digits has 10 classes' out || fail "wrong weights: $(cat out)"
finish
