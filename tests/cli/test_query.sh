#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# query, show and digest on the study of tests/integration/test_study.c: what they print, in three formats, and what they refuse.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
study=$folder/study.db
"$ASHLAR_BUILD/tests/test_integration_study" "$study" || exit 1
sum=$(sha256sum < "$study")
failures=0

complain()
{
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# same NAME EXPECTED ACTUAL
same()
{
    [ "$2" = "$3" ] || complain "$1:"$'\n'"$3"$'\n'"should be"$'\n'"$2"
}

# prints EXPECTED ARGUMENTS...: standard output, status 0, and nothing on standard error
prints()
{
    local expected=$1 actual status
    shift
    actual=$("$ASHLAR" "$@" 2> "$folder/err"; echo "status $?")
    same "ashlar $*" "$expected"$'\n'"status 0" "$actual"
    [ -s "$folder/err" ] && complain "ashlar $*: $(cat "$folder/err")"
}

# refuses STATUS WORDS ARGUMENTS...: one line on standard error that has the words, none on standard output
refuses()
{
    local expected=$1 words=$2 status
    shift 2
    "$ASHLAR" "$@" > "$folder/out" 2> "$folder/err"
    status=$?
    [ $status = "$expected" ] || complain "ashlar $*: status $status, not $expected: $(cat "$folder/err")"
    grep -qF -- "$words" "$folder/err" || complain "ashlar $*: \"$(cat "$folder/err")\" does not say \"$words\""
    [ "$(wc -l < "$folder/err")" = 1 ] || complain "ashlar $*: not one line: $(cat "$folder/err")"
    [ -s "$folder/out" ] && complain "ashlar $*: printed something"
}

crlf() { sed 's/$/\r/'; }
q() { local run=$1; shift; "$ASHLAR" query "$study" --run "$run" "$@"; }

# ---- for people: aligned, grouped, no trailing spaces ----
prints 'trial  error test_error   macs genome
    4 0.2500     0.3000 20 000 conv(width=6)
    7 0.3333            12 345 conv(width=5)
    1 0.5000              1000 conv(width=4)' query "$study" --run 1
prints 'trial  error macs genome
    1 0.5000 1000 conv(width=4)' query "$study" # the latest run
prints 'trial          macs  error
    2        30 000 0.2500
    8 1 000 000 000 0.7500' query "$study" --run 1 --where 'macs > 20000' --columns trial,macs,error
prints 'trial' query "$study" --run 1 --where 'macs < 0' --columns trial
for arguments in "query $study --run 1" "show $study 4 --run 1" "query $study --runs" "digest $study"; do
    # shellcheck disable=SC2086
    "$ASHLAR" $arguments | grep -q ' $' && complain "ashlar $arguments: trailing spaces"
done

# ---- selections ----
same pareto '1 7 4' "$(q 1 --pareto macs,error -f csv --columns trial | tail -n +2 | tr -d '\r' | xargs)"
same 'pareto of one metric' '1' "$(q 1 --pareto macs -f csv --columns trial | tail -n +2 | tr -d '\r')"
same 'pareto under a condition' '8' "$(q 1 --pareto macs,error --where 'error > 0.5' -f csv --columns trial | tail -n +2 | tr -d '\r')"
same 'top by' '1 7' "$(q 1 --top 2 --by macs -f csv --columns trial | tail -n +2 | tr -d '\r' | xargs)"
same 'top' '2 4 7' "$(q 1 --top 3 -f csv --columns trial | tail -n +2 | tr -d '\r' | xargs)"
same 'where' '3' "$(q 1 --where "status = 'failed'" -f csv --columns trial | tail -n +2 | tr -d '\r')"
same 'where, a metric that is no column' '8' "$(q 1 --where 'sparsity = 0.125 AND error > 0.6' -f csv --columns trial | tail -n +2 | tr -d '\r')"
same 'where, ending in a comment' '8' "$(q 1 --where 'error > 0.6 -- large' -f csv --columns trial | tail -n +2 | tr -d '\r')"
same 'an annotation' '0.3' "$(q 1 --where 'test_error IS NOT NULL' -f csv --columns test_error | tail -n +2 | tr -d '\r')"
q 1 --columns help | grep -qx sparsity || complain "--columns help does not list sparsity"

# ---- CSV: RFC 4180, exact numbers ----
q 1 --where 'trial = 3' --columns trial,genome,reason,error -f csv > "$folder/out"
printf 'trial,genome,reason,error\r\n3,"a,""b""\r\n\tc \303\251 \357\277\275","the evaluation crashed: ""signal 11"", twice",\r\n' > "$folder/expected"
cmp -s "$folder/out" "$folder/expected" || complain "CSV quoting: $(cat -A "$folder/out")"
prints "$(printf 'error\n0.3333333333333333\n' | crlf)" query "$study" --run 1 --where 'trial = 7' --columns error -f csv
prints "$(printf 'a,a_2,b,c\n1,2,00ff,\n' | crlf)" query "$study" --sql "SELECT 1 AS a, 2 AS a, x'00ff' AS b, NULL AS c" -f csv

# ---- JSON ----
prints '[
 {"trial": 7, "error": 0.3333333333333333, "test_error": null}
]' query "$study" --run 1 --where 'trial = 7' --columns trial,error,test_error -f json
prints '[]' query "$study" --sql 'SELECT 1 WHERE 0' -f json
if command -v python3 > /dev/null; then
    q 1 -f json | python3 -m json.tool > /dev/null || complain "query: no JSON"
    q 1 --where "status <> 'ok'" --columns trial,genome,reason -f json | python3 -c '
import json, sys
rows = {r["trial"]: r for r in json.load(sys.stdin)}
assert rows[3]["genome"] == "a,\"b\"\r\n\tc \u00e9 \ufffd", rows[3]
assert rows[3]["reason"].endswith("\"signal 11\", twice")' || complain "query: JSON of hostile text"
    "$ASHLAR" query "$study" --sql "SELECT 1e999 AS inf, -1e999, 9223372036854775807 AS big, 0.1" -f json | python3 -c '
import json, sys
row = json.load(sys.stdin)[0]
assert row["inf"] is None and row["big"] == 9223372036854775807 and row["0.1"] == 0.1, row' || complain "query: JSON of odd numbers"
    for trial in 1 2 3 4 5 6 7 8; do
        "$ASHLAR" show "$study" $trial --run 1 -f json | python3 -m json.tool > /dev/null || complain "show $trial: no JSON"
    done
    "$ASHLAR" show "$study" 4 --run 1 -f json | python3 -c '
import json, sys
t = json.load(sys.stdin)
assert t["trial"] == 4 and t["run"] == 1 and t["parents"] == [2] and t["status"] == "ok" and t["on_front"] is True
assert t["metrics"] == {"error": 0.25, "macs": 20000, "sparsity": 0.125} and t["annotations"] == {"test_error": 0.3}
assert len(t["curve"]) == 40 and t["curve"][3]["val_loss"] is None and t["curve"][39]["epoch"] == 40
assert [l["op"] for l in t["blocks"]["layers"]] == ["conv2d", "dense"] and t["weights_bytes"] == 7' || complain "show: JSON"
    "$ASHLAR" digest "$study" -f json | python3 -m json.tool > /dev/null || complain "digest: no JSON"
fi

# ---- show ----
"$ASHLAR" show "$study" 4 --run 1 > "$folder/out" || complain "show: status $?"
for line in 'trial            4' 'status           ok' 'on_front         yes' 'genome           conv(width=6)' 'parents          2' \
    'macs             20 000' 'test_error       0.3' 'layers, input 8x8x1' 'layer    op      shape params   MACs bits  bytes block' \
    'dense_2  dense  1x1x10 10 250 10 240    8 10 290 stem' 'total                  10 394 19 456      10 362' \
    '    1     2.0000   2.5000    0.7500 ##############################'; do
    grep -qxF -- "$line" "$folder/out" || complain "show does not print \"$line\": $(cat "$folder/out")"
done
same 'rows of the curve' 20 "$(grep -c '#$' "$folder/out")"
"$ASHLAR" show "$study" 3 --run 1 | grep -q '^reason  *the evaluation crashed' || complain "show: reason"
"$ASHLAR" show "$study" 5 --run 1 | grep -q '^original  *1$' || complain "show: original"

# ---- digest ----
"$ASHLAR" digest "$study" --run 1 -f csv | tail -n 1 | grep -qE $'^[0-9a-f]{64},1,8,1\r$' || complain "digest: $("$ASHLAR" digest "$study" --run 1)"
one=$("$ASHLAR" digest "$study" --run 1 -f csv | tail -n 1 | cut -d, -f1)
"$ASHLAR_BUILD/tests/test_integration_study" "$folder/again.db"
same 'digest of the same trials' "$one" "$("$ASHLAR" digest "$folder/again.db" --run 1 -f csv | tail -n 1 | cut -d, -f1)"

# ---- wrong inputs ----
refuses 2 'did you mean "error"?' query "$study" --pareto eror,macs
refuses 2 'did you mean "sparsity"?' query "$study" --run 1 --by sparsitty
refuses 2 'no metric or column "zzzzzz"' query "$study" --columns zzzzzz
refuses 2 'an empty name' query "$study" --columns a,,b
refuses 2 'no run 9' query "$study" --run 9
refuses 2 'no run 9' show "$study" 1 --run 9
refuses 2 'no run 9' digest "$study" --run 9
refuses 2 'has no trial 9; its trials are 1 to 8' show "$study" 9 --run 1
refuses 2 'TRIAL takes a whole number' show "$study" four
refuses 2 'name a trial' show "$study"
refuses 2 'name a database' query
refuses 2 'name a database' digest
refuses 2 'one too many' digest "$study" "$study"
refuses 2 '--top' query "$study" --top 0
refuses 2 '--run' query "$study" --run first
refuses 2 'table, csv or json' query "$study" --format yaml
refuses 2 'stands alone' query "$study" --sql 'SELECT 1' --top 3
refuses 2 "single quotes: 'ok'" query "$study" --where 'status = "ok"'
refuses 2 'did you mean macs?' query "$study" --where 'mac < 5'
refuses 2 'syntax error' query "$study" --where 'error <'
refuses 2 'SQL: ' query "$study" --where 'error < 1; DROP TABLE trials'
refuses 2 'no such table' query "$study" --sql 'SELECT * FROM trails'
refuses 2 'one statement at a time' query "$study" --sql 'SELECT 1; SELECT 2'
refuses 2 'no statement' query "$study" --sql ''
refuses 2 'ROWS BETWEEN CURRENT ROW' query "$study" --sql 'SELECT pareto_rank(error, macs) OVER () FROM results'
for write in 'DELETE FROM trials' 'UPDATE runs SET seed = 9' 'INSERT INTO runs DEFAULT VALUES' 'DROP VIEW front' 'CREATE TABLE x (y)' \
    'CREATE TEMP TABLE x (y)' 'PRAGMA query_only = OFF' 'PRAGMA user_version = 7' 'PRAGMA journal_mode = DELETE' 'BEGIN' 'VACUUM' \
    "VACUUM INTO '$folder/copy.db'" "ATTACH '$folder/new.db' AS new" 'REINDEX' 'PRAGMA wal_checkpoint'; do
    refuses 2 'query only reads' query "$study" --sql "$write"
done
refuses 2 'may not be modified' query "$study" --sql "UPDATE sqlite_schema SET sql = ''"
prints "$(printf 'n\n2\n' | crlf)" query "$study" -f csv --sql "SELECT count(*) AS n FROM json_each('[1,2]')"
refuses 2 'not authorized' query "$study" --sql "SELECT load_extension('x')"
refuses 2 'no such database' query "$folder/none.db"
echo 'not a database, but long enough to be one' > "$folder/text.db"
refuses 2 'not an Ashlar database' query "$folder/text.db"
head -c 20000 "$study" > "$folder/cut.db"
refuses 1 'truncated' query "$folder/cut.db"
rm -f "$folder"/new.db
same 'the study' "$sum" "$(sha256sum < "$study")"
same 'files beside it' 'again.db cut.db study.db text.db' "$(cd "$folder" && echo *.db*)"

# ---- a comma locale changes nothing; a narrow terminal cuts; a closed pipe and a full disk are no crash ----
comma=$(locale -a 2> /dev/null | grep -iE '^(de_DE|fr_FR|nl_NL)\.utf-?8$' | head -n 1)
if [ -n "$comma" ]; then
    for format in table csv json; do
        same "query in $comma" "$(q 1 -f $format)" "$(LC_ALL=$comma q 1 -f $format)"
    done
    same "show in $comma" "$("$ASHLAR" show "$study" 4 --run 1 -f json)" "$(LC_ALL=$comma "$ASHLAR" show "$study" 4 --run 1 -f json)"
fi
if command -v script > /dev/null; then
    wide=$(script -qec "stty cols 34; '$ASHLAR' query '$study' --run 1 --columns trial,error,genome,key" /dev/null | tr -d '\r' | wc -L)
    [ "$wide" -le 34 ] || complain "a terminal of 34 columns got $wide"
fi
"$ASHLAR" query "$study" --sql 'WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT 100000) SELECT i FROM c' 2> "$folder/err" | head -n 1 > "$folder/out"
status=${PIPESTATUS[0]}
[ "$status" -le 2 ] || complain "closed pipe: status $status"
[ "$(wc -l < "$folder/err")" -le 1 ] || complain "closed pipe: $(cat "$folder/err")"
same 'the first line' 'i' "$(tr -d ' ' < "$folder/out")"
"$ASHLAR" query "$study" --run 1 > /dev/full 2> "$folder/err"
same 'full disk' 1 $?
grep -q 'cannot write standard output' "$folder/err" || complain "full disk: $(cat "$folder/err")"
for command in query show digest; do
    "$ASHLAR" $command --help | grep -q "ashlar $command digits.db" || complain "$command --help has no example"
done

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
