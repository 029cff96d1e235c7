#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Manual pages: one per command with exactly its options, ashlar(1) with every command, ashlar-runfile(5) with every key; man has nothing to complain of.
. "$(dirname "$0")/lib.sh"
pages=$ASHLAR_BUILD/docs
options() { grep -oE -- '--[a-z][a-z0-9-]*' | sort -u; }
commands=$("$ASHLAR" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 12 ] || fail "--help names too few commands: $commands"
for command in $commands; do
    [ -s "$pages/ashlar-$command.1.gz" ] || { fail "no page of $command"; continue; }
    page=$(zcat "$pages/ashlar-$command.1.gz" | sed 's/\\-/-/g')
    wanted=$("$ASHLAR" "$command" --help | grep -E '^ +-' | sed 's/  *\(-., \)\?\(--[a-z0-9-]*\).*/\2/' | options)
    found=$(grep -E '^\.B (-., )?--' <<<"$page" | options)
    same "options in the page of $command" "$wanted" "$found"
    grep -q "^\.B ashlar $command" <<<"$page" || fail "the page of $command has no synopsis"
    zcat "$pages/ashlar.1.gz" | grep -q "^\.BR ashlar.-$command (1)" || fail "ashlar(1) does not name $command"
done
zcat "$pages/ashlar-query.1.gz" | grep -q '^ashlar query digits.db .-.-pareto' || fail "ashlar-query(1) has no example of --pareto"

"$ASHLAR" options --format csv | tr -d '\r' | tail -n +2 | cut -d, -f1 | sort -u >keys
[ "$(wc -l <keys)" -ge 60 ] || fail "too few keys: $(wc -l <keys)"
zcat "$pages/ashlar-runfile.5.gz" | sed 's/\\-/-/g' | sed -n 's/^\.BR \([^ ]*\) .*/\1/p' | sort -u >found
diff keys <(grep -E '^(seed|name|isa|input|outputs|reference|.*\..*)$' found) >out || fail "keys of ashlar-runfile(5): $(cat out)"
"$ASHLAR" options train --format csv | grep -q '^train.epochs,,int 1..*,20,' || fail "train.epochs: $("$ASHLAR" options train --format csv | head -3)"
"$ASHLAR" options trian >out 2>err; same "status of a wrong section" 2 $?
grep -q 'no section "trian"' err || fail "a wrong section: $(cat err)"

if command -v man >/dev/null && man -w man >/dev/null 2>&1; then
    for page in "$pages"/*.gz; do
        MANWIDTH=100 man --warnings -l "$page" 2>&1 >out | grep . && fail "$page has warnings"
        [ "$(wc -l <out)" -gt 15 ] || fail "$page shows little: $(cat out)"
    done
fi
finish
