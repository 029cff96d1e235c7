#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# report on the study of tests/integration/test_study.c: files, their names, and what is refused without leaving a trace.
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

# writes FILE WORDS ARGUMENTS...
writes()
{
    local file=$1 words=$2
    shift 2
    rm -f "$file"
    "$ASHLAR" report "$@" > "$folder/out" 2> "$folder/err" || complain "ashlar report $*: $(cat "$folder/err")"
    grep -qF -- "$words" "$file" || complain "ashlar report $*: $file does not have \"$words\""
    [ "$(find "$folder" -name '*.??????' -path '*html.*' | wc -l)" = 0 ] || complain "a temporary file is left"
}

# refuses STATUS WORDS ARGUMENTS...
refuses()
{
    local expected=$1 words=$2 status before
    shift 2
    before=$(find "$folder" -type f ! -name err | sort)
    "$ASHLAR" report "$@" > /dev/null 2> "$folder/err"
    status=$?
    [ $status = "$expected" ] || complain "ashlar report $*: status $status, not $expected: $(cat "$folder/err")"
    grep -qF -- "$words" "$folder/err" || complain "ashlar report $*: \"$(cat "$folder/err")\" does not say \"$words\""
    [ "$(wc -l < "$folder/err")" = 1 ] || complain "ashlar report $*: not one line: $(cat "$folder/err")"
    [ "$before" = "$(find "$folder" -type f ! -name err | sort)" ] || complain "ashlar report $*: left a file"
}

cd "$folder" || exit 1
writes "$folder/study.html" '<!DOCTYPE html>' "$study" --run 1
grep -q 'study.html: run 1' "$folder/out" || complain "it does not say where the page is"
writes "$folder/a b.svg" '<svg ' "$study" --run 1 -o "$folder/a b.svg"
writes "$folder/x.csv" 'trial,status,front,error,macs,' "$study" --run 1 -o "$folder/x.csv"
writes "$folder/x.json" '"objectives":["error","macs"]' "$study" --run 1 -o "$folder/x.json"
writes "$folder/odd.txt" '<svg ' "$study" --run 1 -o odd.txt --format svg --x error --y macs
grep -q 'aria-label="[^"]*MACs against validation error' odd.txt || complain "the axes are not as asked"
"$ASHLAR" report "$study" --run 1 --format csv -o - > "$folder/all.csv" || complain "standard output"
"$ASHLAR" report "$study" --run 1 --format csv --front -o - > "$folder/front.csv" || complain "--front"
[ "$(wc -l < all.csv)" -gt "$(wc -l < front.csv)" ] || complain "--front leaves nothing out"
[ "$(cut -d, -f3 front.csv | tail -n +2 | sort -u)" = 1 ] || complain "--front has trials that are not on it"
"$ASHLAR" report "$study" --run 1 -o /dev/null > /dev/null && [ -c /dev/null ] || complain "a device is written to, not replaced"

# a second report replaces the first, through a link, and keeps the permissions
chmod 640 x.csv && ln -s x.csv link.csv
"$ASHLAR" report "$study" --run 1 -o link.csv > /dev/null || complain "a link"
[ -L link.csv ] && [ "$(stat -c %a x.csv)" = 640 ] || complain "the link or the permissions are gone"
rm link.csv

# figures and tables for papers, text for terminals
writes "$folder/front.tikz" '\addlegendentry{Pareto front}' "$study" --run 1 -o front.tikz
writes "$folder/curves.tikz" 'xlabel={epoch}' "$study" --run 1 -o curves.tikz --figure curves --width 17
grep -q 'width=17cm' curves.tikz || complain "--width"
writes "$folder/front.tex" 'trial & test error & MACs \\' "$study" --run 1 -o front.tex --columns test_error,macs
writes "$folder/front.md" '| trial | validation error' "$study" --run 1 -o front.md
[ "$(wc -l < front.md)" = $(($(wc -l < front.csv) + 1)) ] || complain "the Markdown table is not the front"
writes "$folder/study.txt" 'How it was made' "$study" --run 1 --format text
grep -q 'hypervolume [0-9.]* of the box' study.txt || complain "text: no hypervolume"
grep -q '┤' study.txt || complain "text: no plot"
if command -v gnuplot > /dev/null; then
    writes "$folder/history.svg" 'evaluations' "$study" --run 1 -o history.svg --figure history
    writes "$folder/front.pdf" '%PDF-' "$study" --run 1 -o front.pdf --x sparsity
    writes "$folder/front.png" 'PNG' "$study" --run 1 -o front.png
    writes "$folder/front.eps" '%!PS-Adobe' "$study" --run 1 -o front.eps
    if command -v pdftotext > /dev/null; then
        pdftotext front.pdf - | grep -q sparsity || complain "the PDF's axis is not as asked"
    fi
fi
refuses 2 'front, history or curves, not "histroy"; did you mean history?' "$study" --figure histroy
refuses 2 'no format has the ending' "$study" --run 1 -o x2.pfd
refuses 2 '--figure is for figures' "$study" -o x2.csv --figure history
refuses 2 '--columns is for tables' "$study" -o x2.pdf --columns macs
refuses 2 '--columns: the run has no metric "mac"' "$study" --run 1 -o x2.tex --columns mac
refuses 2 'has its own' "$study" -o x2.pdf --figure history --x macs
refuses 2 'from 4 to 60' "$study" -o x2.pdf --width 1
refuses 2 'not' "$study" -o x2.svg --width 8
no_gnuplot() { (PATH=$folder/nowhere; "$ASHLAR" report "$study" --run 1 -o "$folder/x2.pdf" 2> "$folder/err"); }
no_gnuplot && complain "a PDF without gnuplot"
grep -q 'apt-get install gnuplot-nox' err || complain "it does not say what to install: $(cat err)"
[ ! -e x2.pdf ] || complain "a file is left"

refuses 2 'did you mean "macs"' "$study" --run 1 --x mac
refuses 2 'no metric "zebra_stripes"' "$study" --run 1 --y zebra_stripes
refuses 2 'both "macs"' "$study" --run 1 --x macs --y macs
refuses 2 'run' "$study" --run 99
refuses 2 'html, svg, csv, json,' "$study" --format docx
refuses 2 'is a folder' "$study" --run 1 -o "$folder" --format html
refuses 2 'is the database itself' "$study" --run 1 -o "$study" --format html
refuses 2 'which database' --run 1
refuses 2 'are the same run' "$study" "$study" --run 1
refuses 2 'several runs side by side are for the page' "$study" --all -o x2.csv
writes "$folder/all.html" '"groups":[{' "$study" --run 1 --all -o all.html
refuses 1 'cannot write it' "$study" --run 1 -o "$folder/none/x.html"
refuses 2 'none.db' "$folder/none.db"

# a full disk leaves the older report as it was
cp x.json before.json
(ulimit -f 1; trap '' XFSZ; "$ASHLAR" report "$study" --run 1 --format html -o x.json > /dev/null 2> "$folder/err"; exit $?)
[ $? = 1 ] || complain "a full disk: status is not 1"
cmp -s x.json before.json || complain "a full disk: the older file was touched"
[ -z "$(find . -name 'x.json.*')" ] || complain "a full disk: a partial file is left"

# full standard output and a closed pipe are errors, not silence
if [ -c /dev/full ]; then
    "$ASHLAR" report "$study" --run 1 --format csv -o - > /dev/full 2> "$folder/err" && complain "a full standard output"
fi
[ "$sum" = "$(sha256sum < "$study")" ] || complain "the database was changed"
[ $failures = 0 ]
