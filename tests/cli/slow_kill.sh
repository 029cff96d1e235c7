#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at twenty random moments: what was stored is whole, and the resumed run is the run that was never killed.
. "$(dirname "$0")/lib.sh"
small_run small.yaml
sed -i 's/epochs: 3/epochs: 20/; s/limit: 300/limit: 800/' small.yaml
options=(-q --evaluations 150 --set data.limit=800)
"$ASHLAR" run small.yaml "${options[@]}" --db whole.db >/dev/null 2>err.txt || fail "the whole run: $(cat err.txt)"
expected=$(digest whole.db)
RANDOM=4711
killed=0
for moment in $(seq 20); do
    "$ASHLAR" run small.yaml "${options[@]}" --db killed.db >/dev/null 2>err.txt &
    pid=$!
    sleep "0.$(printf %03d $((RANDOM % 700 + 50)))"
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null
    if [ -f killed.db ] && command -v sqlite3 >/dev/null; then
        same "integrity after kill $moment" ok "$(sqlite3 killed.db 'PRAGMA integrity_check')"
    fi
done
echo "$killed of 20 kills hit"
[ $killed -ge 10 ] || fail "only $killed of 20 kills hit a running search"
"$ASHLAR" run small.yaml "${options[@]}" --db killed.db --check-replay >/dev/null 2>err.txt || fail "resume: $(cat err.txt)"
same "digest after twenty kills" "$expected" "$(digest killed.db)"
"$ASHLAR" verify killed.db -q >out.txt 2>err.txt || fail "verify: $(cat out.txt err.txt)"
finish
