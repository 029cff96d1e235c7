#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# watch: beside a search that runs, one that is over, one that was killed; and that the search does not notice.
. "$(dirname "$0")/lib.sh"
small_run run.yaml
search() { "$ASHLAR" run run.yaml -q --db "$1" "${@:2}" >out.txt 2>err.txt; }

search alone.db --evaluations 24 || fail "the run: $(cat err.txt)"
"$ASHLAR" watch alone.db --once >frame.txt 2>err.txt || fail "--once: $(cat err.txt)"
grep -q 'run 1 of alone.db: finished' frame.txt || fail "the frame does not say that the run is over: $(head -1 frame.txt)"
grep -q '^24/24 evaluations  100 %' frame.txt || fail "no progress: $(sed -n 2,3p frame.txt)"
grep -q '^hypervolume' frame.txt || fail "no hypervolume"
grep -q '┤' frame.txt || fail "no plot"
grep -q 'Last trials' frame.txt || fail "no last trials"
"$ASHLAR" watch alone.db --once --x model_bytes | grep -q 'model size (B)' || fail "--x"
LC_ALL=C "$ASHLAR" watch alone.db >line.txt || fail "watching a finished run: status $?"
same "lines of a finished run" 1 "$(wc -l <line.txt)"
grep -q '^finished  24/24 evaluations' line.txt || fail "the line: $(cat line.txt)"

# beside a search: lines come while it runs, with more and more evaluations, and they end with it
search beside.db --evaluations 2 || fail "a first session"
search beside.db --evaluations 24 --threads 1 --set train.epochs=3 &
run=$!
timeout 120 "$ASHLAR" watch beside.db --interval 0.1 >lines.txt 2>watch.txt
status=$?
wait $run || fail "the watched run failed: $(cat err.txt)"
if [ "$(tail -1 lines.txt | cut -d' ' -f1)" != finished ] || [ "$(wc -l <lines.txt)" -lt 2 ]; then
    timeout 120 "$ASHLAR" watch beside.db >>lines.txt # it may have looked before the search had begun
fi
[ $status = 0 ] || fail "watch ended with $status: $(cat watch.txt)"
tail -1 lines.txt | grep -q '^finished  24/24' || fail "the last line: $(tail -1 lines.txt)"
sed -E 's/^[a-z]+ +//; s|/.*||' lines.txt >counts.txt
sort -nc counts.txt || fail "evaluations went down: $(tr '\n' ' ' <counts.txt)"
same "digest of the watched run" "$(digest alone.db)" "$(digest beside.db)"

# killed: says so, with status 1
sed -i 's/epochs: 3/epochs: 60/' run.yaml # so that its space takes minutes
search killed.db --evaluations 2 || fail "a first session"
"$ASHLAR" run run.yaml -q --db killed.db --evaluations 100000 >/dev/null 2>&1 &
run=$!
for _ in $(seq 100); do
    [ "$("$ASHLAR" watch killed.db --once | head -1 | sed 's/.*: //')" = running ] && break
    sleep 0.1
done
"$ASHLAR" watch killed.db --once >frame.txt || fail "--once of a running search"
grep -q 'killed.db: running' frame.txt || fail "it is not running: $(head -1 frame.txt)"
grep -q '/100000 evaluations' frame.txt || fail "the budget of the second session is not known: $(sed -n 3p frame.txt)"
timeout 60 "$ASHLAR" watch killed.db --interval 0.2 >lines.txt 2>watch.txt &
watcher=$!
sleep 0.5
kill -9 $run
wait $run 2>/dev/null
wait $watcher
same "status after a kill" 1 $?
grep -q 'the run was killed after [0-9]* evaluations; the same "ashlar run" resumes it' watch.txt || fail "after a kill: $(cat watch.txt)"

# on a terminal: frames in place, the cursor comes back
if command -v script >/dev/null; then
    TERM=xterm script -qec "stty rows 40 cols 100; '$ASHLAR' watch alone.db" /dev/null >terminal.txt 2>&1 </dev/null || fail "on a terminal"
    grep -qaF $'\x1b[?25h' terminal.txt || fail "the cursor stays hidden"
    grep -qa '┤' terminal.txt || fail "no plot on a terminal"
    tr -d '\r' <terminal.txt | sed 's/\x1b\[[?0-9;]*[a-zA-Z]//g' | python3 -c 'import sys; sys.exit(any(len(l) > 100 for l in sys.stdin.read().splitlines()))' ||
        fail "a line is longer than the terminal"
fi

refuses() { # STATUS WORDS ARGUMENTS...
    local expected=$1 words=$2 status
    shift 2
    "$ASHLAR" watch "$@" >out.txt 2>err.txt
    status=$?
    [ $status = "$expected" ] || fail "watch $*: status $status: $(cat err.txt)"
    grep -qF -- "$words" err.txt || fail "watch $*: \"$(cat err.txt)\" does not say \"$words\""
}
refuses 2 'there is no such database' none.db
refuses 2 'which database?'
refuses 2 'one too many' alone.db beside.db
refuses 2 'from 0.1 to 3600' alone.db --interval 0
refuses 2 'did you mean "macs"?' alone.db --x mcas
refuses 2 'run' alone.db --run 9
finish
