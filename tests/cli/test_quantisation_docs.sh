#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command of docs/quantisation.md is run, in order; an integer network of its run stands in for trial 12. What its run file says
# gives integer networks alone, and reports name the arithmetic.
. "$(dirname "$0")/lib.sh"
ln -s "$ASHLAR_SOURCE/examples" examples
page=$ASHLAR_SOURCE/docs/quantisation.md
sed -n 's/^    ashlar /"$ASHLAR" /p' "$page" | sed 's/  *# .*//' >commands.txt
[ "$(wc -l <commands.txt)" -ge 8 ] || fail "only $(wc -l <commands.txt) commands"
while read -r line; do
    trial=$("$ASHLAR" query bits.db --format csv --sql "SELECT trial FROM results WHERE integer = 1 ORDER BY error LIMIT 1" 2>/dev/null | tail -1 | tr -d '\r')
    eval "${line/bits.db 12/bits.db $trial}" >out.txt 2>err.txt </dev/null || fail "$line: $(cat err.txt)"
    [ -s out.txt ] || fail "$line prints nothing"
done <commands.txt
[ -s answers.csv ] && [ -s bits.html ] || fail "no answers, or no report"

"$ASHLAR" show bits.db "$trial" >out.txt
grep -qx 'arithmetic  *integer' out.txt && grep -q 'quantize to [1248] ' out.txt || fail "show: $(cat out.txt)"
"$ASHLAR" explain bits.db "$trial" 2>err.txt | grep -q '^Scored on the integer engine' || fail "explain: $(cat err.txt)"

{ printf 'data: {type: digits, limit: 200}\ntrain: {epochs: 1}\nbudget: {evaluations: 4}\n'
  sed -n '/^    space:/,/^$/s/^    //p' "$page"; } >page.yaml
"$ASHLAR" run page.yaml --db page.db >out.txt 2>err.txt && grep -q " arithmetic " out.txt && grep -q " integer " out.txt || fail "the run file: $(cat out.txt err.txt)"
same "scored in float" 0 "$("$ASHLAR" query page.db --format csv --sql "SELECT count(*) FROM results WHERE integer IS NOT 1" | tail -1 | tr -d '\r')"
"$ASHLAR" run examples/digits-mixed.yaml -q --db only.db --evaluations 3 --set train.epochs=1 --set 'search.constraints=[integer >= 1]' >out.txt 2>&1 ||
    fail "constraint: $(cat out.txt)"
same "over the constraint, and trained" 0 "$("$ASHLAR" query only.db --format csv --sql "SELECT count(*) FROM results WHERE status = 'ok' AND integer = 0" | tail -1 | tr -d '\r')"
finish
