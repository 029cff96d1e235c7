#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# compare: two strategies with three seeds each, budgets that differ, figures, and what cannot be compared.
. "$(dirname "$0")/lib.sh"
small_run run.yaml
sed -i "s/population: 6, //" run.yaml # random has none
run() { # FILE SEED STRATEGY EVALUATIONS MORE...
    local file=$1 seed=$2 strategy=$3 evaluations=$4
    shift 4
    "$ASHLAR" run run.yaml -q --db "$file" --seed "$seed" --set search.strategy="$strategy" --evaluations "$evaluations" --set train.epochs=1 "$@" \
        >out.txt 2>err.txt || fail "run $file: $(cat err.txt)"
}
for seed in 1 2 3; do
    run n$seed.db $seed nsga2 $((8 + seed))
    run r$seed.db $seed random 9
done

"$ASHLAR" compare n*.db r*.db >out.txt 2>err.txt || fail "compare: $(cat err.txt)"
grep -q 'after 9 evaluations, which every run reached' out.txt || fail "the common budget is not said: $(head -1 out.txt)"
grep -Eq '^nsga2 +3 ' out.txt || fail "no method nsga2 with three runs: $(cat out.txt)"
"$ASHLAR" compare n*.db r*.db --format csv --table tests >tests.csv || fail "tests as CSV"
same "columns" "method,versus,median_difference,low,high,a12,effect,mann_whitney_u,mann_whitney_p,holm_p,pairs,wilcoxon_w,wilcoxon_p" \
    "$(head -1 tests.csv | tr -d '\r')"
same "methods" nsga2,random "$(tail -1 tests.csv | cut -d, -f1,2)"
"$ASHLAR" compare n*.db r*.db --reference 1,1e6,1e5 --format json >all.json || fail "JSON"
"$ASHLAR" compare r*.db n*.db --reference 1,1e6,1e5 --format json >swapped.json || fail "JSON, the other way round"
# What the runs reached, computed again in plain Python from the databases; and the exact test by enumeration.
cat >check.py <<'EOF'
import itertools, json, sqlite3, statistics, sys
all, swapped = json.load(open('all.json')), json.load(open('swapped.json'))
def volume(path, ref=(1, 1e6, 1e5), evaluations=9):
    rows = sqlite3.connect(path).execute("SELECT status, error, macs, model_bytes FROM trials WHERE run = 1 ORDER BY virtual_start + virtual_duration, trial")
    points, n = [], 0
    for status, *p in rows:
        n += status not in ('duplicate', 'invalid', 'infeasible')
        if n > evaluations: break
        if status == 'ok' and all_less(p, ref): points.append(p)
    total, zs = 0, sorted({p[2] for p in points})
    for z, top in zip(zs, zs[1:] + [ref[2]]):
        area, left = 0, ref[0]
        for p in sorted((p for p in points if p[2] <= z), key=lambda p: (p[1], p[0])):
            if p[0] < left: area += (left - p[0]) * (ref[1] - p[1]); left = p[0]
        total += area * (top - z)
    return 100 * total / (ref[0] * ref[1] * ref[2])
def all_less(p, q): return all_(a < b for a, b in zip(p, q))
all_ = __builtins__.all
v = {r['run']: r['hypervolume'] for r in all['runs']}
for name, found in v.items():
    assert abs(volume(name + '.db') - found) < 1e-9 * found, (name, found, volume(name + '.db'))
n, r = [v[f'n{s}'] for s in (1, 2, 3)], [v[f'r{s}'] for s in (1, 2, 3)]
t, u = all['tests'][0], swapped['tests'][0]
assert abs(t['median_difference'] - (statistics.median(n) - statistics.median(r))) < 1e-9
wins = lambda x, y: sum((a > b) + (a == b) / 2 for a in x for b in y)
assert t['mann_whitney_u'] == wins(n, r) and abs(t['a12'] - wins(n, r) / 9) < 1e-12
both = n + r
far = [abs(wins([both[i] for i in c], [both[i] for i in range(6) if i not in c]) - 4.5) >= abs(wins(n, r) - 4.5) for c in itertools.combinations(range(6), 3)]
assert abs(t['mann_whitney_p'] - sum(far) / len(far)) < 1e-12
assert t['low'] <= t['median_difference'] <= t['high']
assert abs(u['mann_whitney_p'] - t['mann_whitney_p']) < 1e-12 and abs(u['a12'] + t['a12'] - 1) < 1e-12
assert all['budget'] == 9 and all['by'] == 'evaluations' and all['percent'] is True
assert t['pairs'] == sum(a != b for a, b in zip(n, r))
EOF
python3 check.py || fail "compare does not agree with Python"

"$ASHLAR" compare n*.db r*.db --by macs --table runs --format csv >/dev/null || fail "--by macs"
"$ASHLAR" compare n*.db r*.db -o anytime.tikz >out.txt || fail "a figure"
grep -q 'addlegendentry{random}' anytime.tikz || fail "the figure has no random"
"$ASHLAR" compare n*.db r*.db -o attainment.tikz --figure attainment --x model_bytes >out.txt || fail "attainment"
grep -q 'xlabel={model size (B)}' attainment.tikz || fail "the attainment surface has other axes"
if command -v gnuplot >/dev/null; then
    "$ASHLAR" compare n*.db r*.db -o anytime.pdf >out.txt && head -c 5 anytime.pdf | grep -q '%PDF-' || fail "a PDF"
fi

# several runs in one file
run n1.db 1 random 9 --new-run
"$ASHLAR" compare n1.db --format csv | grep -q '^random,1,' || fail "two runs of one database"
"$ASHLAR" compare n1.db r2.db --run 1 --format csv | grep -q '^nsga2,1,' || fail "--run"

refuses() { # WORDS ARGUMENTS...
    local words=$1 status
    shift
    "$ASHLAR" compare "$@" >out.txt 2>err.txt
    status=$?
    [ $status = 2 ] || fail "compare $*: status $status, not 2: $(cat err.txt)"
    grep -qF -- "$words" err.txt || fail "compare $*: \"$(cat err.txt)\" does not say \"$words\""
}
run objectives.db 1 random 2 --set 'search.objectives=[error, params]'
run data.db 1 random 2 --set data.limit=200
refuses 'which databases?'
refuses 'a comparison needs at least two runs, and n2 is the only one' n2.db
refuses 'n2 and n2 are the same run' n2.db n2.db
refuses 'runs of different objectives cannot be compared' n2.db objectives.db
refuses 'runs on different data cannot be compared' n2.db data.db
refuses 'there is no such database' n2.db none.db
refuses 'did you mean evaluations?' n2.db r2.db --by evaluation
refuses 'one number for each objective' n2.db r2.db --reference 1,2
refuses 'no metric "mcas"; did you mean "macs"?' n2.db r2.db -o x.pdf --figure attainment --x mcas
refuses 'say where to with --output' n2.db r2.db --figure attainment
refuses 'not "x.docx"' n2.db r2.db -o x.docx
refuses '--group is file, name or a setting' n2.db r2.db --group zebra
[ ! -e x.pdf ] || fail "a refused figure was written"
finish
