#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/database.md: every SQL example runs and finds something, the commands at its top run, the shell's extension loads, and no table, view,
# column or SQL function is missing from it.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
doc=$ASHLAR_SOURCE/docs/database.md
cd "$folder" || exit 1
"$ASHLAR_BUILD/tests/test_integration_study" digits.db || exit 1
failures=0

complain()
{
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# blocks LANGUAGE: writes the fenced blocks to block1, block2, ...; prints their number
blocks()
{
    rm -f block*
    awk -v language="$1" '$0 == "```" language {n++; inside = 1; next} /^```/ {inside = 0} inside {print > ("block" n)} END {print n + 0}' "$doc"
}

n=$(blocks sql)
[ "$n" -ge 9 ] || complain "only $n examples in SQL"
for i in $(seq "$n"); do
    "$ASHLAR" query digits.db --sql "$(cat "block$i")" --format csv > out 2> err || complain "$(cat "block$i"): $(cat err)"
    [ "$(wc -l < out)" -ge 2 ] || complain "$(cat "block$i"): finds nothing"
done

commands=$(sed -n 's/^    ashlar \([a-z]* digits.db.*\)/\1/p' "$doc" | sed 's/  *#.*//')
while read -r arguments; do
    arguments=${arguments/ 42/ 4 --run 1}
    eval "\"\$ASHLAR\" $arguments" > out 2> err || complain "ashlar $arguments: $(cat err)"
    [ -s out ] || complain "ashlar $arguments: prints nothing"
done <<< "$commands"
[ "$(wc -l <<< "$commands")" -ge 8 ] || complain "too few commands"

# A sanitized library does not load into a shell that is not.
if command -v sqlite3 > /dev/null && ! grep -qE "__(a|t)san_init" "$ASHLAR"; then
    n=$(blocks sh)
    [ "$n" = 1 ] || complain "$n shell examples"
    sed -i "s|build/release/|$ASHLAR_BUILD/|" block1
    shell=$(bash block1 2>&1 | awk -F'|' '{printf "%d %.9g;", $1, $2}')
    ours=$("$ASHLAR" query digits.db --format csv --sql 'SELECT run, hypervolume(error, macs, 1.0, 1000000) FROM front GROUP BY run' |
        tail -n +2 | awk -F, '{printf "%d %.9g;", $1, $2}')
    [ "$shell" = "$ours" ] || complain "$(cat block1): $shell, and ashlar query says $ours"
fi

names=$("$ASHLAR" query digits.db --format csv --sql "SELECT m.name FROM sqlite_schema m WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'
    UNION SELECT p.name FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'" | tail -n +2 | tr -d '\r')
[ "$(wc -w <<< "$names")" -ge 60 ] || complain "the schema has too few names: $names"
for name in $names dominates hypervolume is_dominated pareto_rank; do
    grep -qE "\`$name[\`(]" "$doc" || complain "$name is not in docs/database.md"
done
for status in ok duplicate invalid infeasible diverged capped timeout failed; do
    grep -q "\`$status\`" "$doc" || complain "the status $status is not in docs/database.md"
done
[ $failures = 0 ] && echo "all as written"
exit $((failures > 0))
