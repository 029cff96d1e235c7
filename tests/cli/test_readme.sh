#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command that the README shows in its sh block is run, in order; every file that it links to is there.
. "$(dirname "$0")/lib.sh"
ln -s "$ASHLAR_SOURCE/examples" examples
mkdir bin && ln -s "$ASHLAR" bin/ashlar
PATH=$work/bin:$PATH
readme=$ASHLAR_SOURCE/README.md
sed -n '/^```sh$/,/^```$/p' "$readme" | grep -v '^```' >commands.txt
[ "$(wc -l <commands.txt)" -ge 5 ] || fail "the README shows only $(wc -l <commands.txt) commands"
while read -r line; do
    bash -c "$line" >out.txt 2>err.txt </dev/null || fail "$line: $(cat err.txt)"
    [ -s out.txt ] || [[ $line == *" -o "* ]] || fail "$line prints nothing"
done <commands.txt
[ -s digits.html ] || fail "no report was written"
for file in $(grep -o '](\([^)]*\))' "$readme" | sed 's/](\(.*\))/\1/'); do
    [ -e "$ASHLAR_SOURCE/$file" ] || fail "the README links to $file, which is not there"
done

# what init writes runs as it is: classes, targets, images
{ echo 'size,weight,kind'; for i in $(seq 90); do echo "$((i % 3)).$((i % 10)),$((i * 7 % 11)),k$((i % 3))"; done; } >measurements.csv
{ echo 'a,b,y'; for i in $(seq 90); do echo "$((i % 9)).5,$((i * 7 % 11)),$((i * i % 97)).25"; done; } >targets.csv
for data in measurements.csv targets.csv digits; do
    ashlar init $data -o $data.yaml >out.txt 2>err.txt || fail "init $data: $(cat err.txt)"
    ashlar run $data.yaml -q --db own-$data.db --evaluations 4 --set train.epochs=2 >out.txt 2>err.txt || fail "run $data.yaml: $(cat err.txt)"
    sed 's/^\( *\)# \([a-z_0-9]*: [^].[][^#]*   *#\)/\1\2/' $data.yaml >all.yaml # every option at its default, written out
    ashlar run all.yaml -q --db all-$data.db --evaluations 4 --set train.epochs=2 >out.txt 2>err.txt || fail "all options of $data: $(cat err.txt)"
    same "digest with the defaults written out, $data" "$(digest own-$data.db)" "$(digest all-$data.db)"
done
finish
