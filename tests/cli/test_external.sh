#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Programs that score trials, as a whole run: the examples, resume after a kill, one result per key, what is refused before it starts.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
cp -r "$ASHLAR_SOURCE/examples/external" here

# the same front at any number of threads, and when it is killed in the middle; what is known is not asked again
run="here/python.yaml -q --set evaluator.settings.epochs=2 --set evaluator.settings.samples=60 --evaluations 8"
"$ASHLAR" run $run --db one.db -t 1 >out.txt 2>err.txt || fail "python.yaml: $(cat err.txt)"
grep -q "on the front" out.txt || fail "no front: $(cat out.txt)"
"$ASHLAR" run $run --db two.db -t 4 >/dev/null 2>err.txt & pid=$!
for i in $(seq 60); do
    n=$("$ASHLAR" query two.db --sql "SELECT count(*) AS n FROM trials" --format csv 2>/dev/null | tail -1 | tr -d '\r')
    [ "${n:-0}" -ge 2 ] 2>/dev/null && break
    sleep 0.05
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
"$ASHLAR" run $run --db two.db >/dev/null 2>err.txt || fail "resume: $(cat err.txt)"
same "digest after a kill" "$(digest one.db)" "$(digest two.db)"
"$ASHLAR" verify one.db -q >out.txt 2>err.txt || fail "verify: $(cat out.txt err.txt)"

# a changed script is another run, which is refused in the same database; a new one asks again
echo "# changed" >>here/score.py
"$ASHLAR" run $run --db one.db >/dev/null 2>err.txt && fail "the changed script was not noticed"

# everything fails: recorded, said once, status 0
sed -i '1i raise SystemExit("no device")' here/score.py
"$ASHLAR" run here/python.yaml --db bad.db --evaluations 4 >out.txt 2>err.txt || fail "a failing script ended the run: $(cat err.txt)"
same "warnings" 1 "$(grep -c 'warning: trial .*no device' err.txt)"
grep -q "no network has a result; trial 1, failed: exit status 1: no device" out.txt || fail "out: $(cat out.txt)"
same "failed trials" 4 "$("$ASHLAR" query bad.db --sql "SELECT count(*) AS n FROM trials WHERE status = 'failed'" --format csv | tail -1 | tr -d '\r')"

# refused before a database is made
refuse() { # SETTING WORDS
    "$ASHLAR" run here/python.yaml --db refused.db --set "$1" >/dev/null 2>err.txt
    same "exit status of $1" 2 $?
    grep -q "$2" err.txt || fail "$1: $(cat err.txt)"
    [ ! -e refused.db ] || fail "$1: a database was made"
}
refuse 'evaluator.command=[no-such-program]' 'no program "no-such-program" in the PATH'
refuse 'evaluator.command=[python3,scores.py]' 'there is no scores.py in'
refuse 'search.objectives=[errors,macs]' 'did you mean "error"'
refuse 'search.objectives=[val_loss,macs]' 'there is no metric "val_loss"'

# a data section gives shape, outputs and facts
cat >data.yaml <<'EOT'
data: {type: digits, limit: 100}
space: {stages: [{name: stem, block: conv, width: [4, 8], stride: 2}], head: {pool: global}}
evaluator: {type: command, command: [python3, data.py]}
search: {strategy: random, objectives: [error, macs]}
budget: {evaluations: 2}
EOT
cat >data.py <<'EOT'
import json, sys
t = json.load(sys.stdin)
assert t["data"]["train"] == 100 and t["data"]["outputs"] == 10 and t["network"]["input"] == t["data"]["shape"] == [8, 8, 1], t["data"]
json.dump({"metrics": {"error": 0.5}}, sys.stdout)
EOT
"$ASHLAR" run data.yaml -q >out.txt 2>err.txt || fail "with data: $(cat err.txt)"
grep -q "2 evaluated; " out.txt || fail "with data: $(cat out.txt)"

python3 -c 'import torch' 2>/dev/null || { [ "$failures" -eq 0 ] && echo "PyTorch is not installed: that example is not run"; finish; }
"$ASHLAR" run here/pytorch.yaml -q --evaluations 2 --set train.epochs=1 --set evaluator.settings.samples=64 >out.txt 2>err.txt || fail "pytorch: $(cat err.txt)"
grep -q "2 evaluated; " out.txt || fail "pytorch: $(cat out.txt)"
finish
