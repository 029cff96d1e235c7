# SPDX-License-Identifier: GPL-3.0-or-later
# test_house.sh - rules that hold for every file: licence line, length, no tabs, no download addresses, registries that name files
set -euo pipefail
cd "${1:-$ASHLAR_SOURCE}"
status=0
complain() { echo "$1"; status=1; }

if git rev-parse --git-dir >/dev/null 2>&1; then
    files=$(git ls-files --cached --others --exclude-standard | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)
else
    files=$(find . -path ./build -prune -o -path '*/node_modules' -prune -o -type f -print | sed 's|^\./||')
fi
sources=$(echo "$files" | grep -E '\.(c|h|inc|def|cmake|sql|js|css|html|sh|py)$|(^|/)CMakeLists\.txt$|^scripts/|^\.ci/' || true)
[ "$(echo "$sources" | wc -l)" -gt 150 ] || complain "too few files found"

LC_ALL=C awk '
    FNR == 1 { licensed = 0 }
    FNR <= 2 && /SPDX-License-Identifier: GPL-3.0-or-later/ { licensed = 1 }
    FNR == 2 && !licensed { print FILENAME ": the first line must hold the SPDX licence identifier"; bad = 1 }
    FNR == 701 { print FILENAME ": more than 700 lines; split it"; bad = 1 }
    /\t/ { print FILENAME ":" FNR ": a tab; indent with spaces"; bad = 1 }
    /[ \r]$/ { print FILENAME ":" FNR ": blanks at the end of the line"; bad = 1 }
    END { exit bad }' $sources || status=1
for f in $sources; do
    [ -s "$f" ] || complain "$f: empty"
done

# Lock files without addresses: packages come from the registry that the user has configured.
for f in $(echo "$files" | grep -E '(^|/)package-lock\.json$' || true); do
    if grep -nE '"resolved"|https?://[^"]*\.tgz' "$f" | head -n 1; then complain "$f: a download address in a lock file (npm config: omit-lockfile-registry-resolved)"; fi
done

# registered REGISTRY MACRO FILE: MACRO(NAME...) promises FILE, with NAME in it. `whole` says that every such file is registered.
registries="db/metrics.def evaluator/cost/metrics.def evaluator/quality/metrics.def db/statements.def reports/metrics.def nn/kernels/levels.def nn/kernels/tuned/tuned.def nn/infer/kernels/variants.def" # these name no files
registered() {
    registries="$registries $1"
    [ -f "$1" ] || { complain "$1: this registry is gone; mend test_house.sh"; return; }
    local names name file
    names=$(sed -nE "s/^$2\(([a-z0-9_]+)[,)].*/\1/p" "$1")
    [ -n "$names" ] || complain "$1: no line $2(name)"
    for name in $names; do
        file=${3//NAME/$name}
        [ -f "$file" ] || complain "$1: $2($name), but there is no $file"
    done
    [ "$(echo "$names" | sort | uniq -d)" = "" ] || complain "$1: the same name twice"
    [ "${4:-}" = whole ] || return 0
    for file in ${3//NAME/*}; do
        name=${file#"${3%%NAME*}"}
        name=${name%"${3##*NAME}"}
        grep -qx "$name" <<<"$names" || complain "$file is not registered in $1"
    done
}
registered cli/commands.def COMMAND cli/cmd_NAME.c whole
registered data/formats.def DATA_FORMAT data/formats/NAME.c whole
registered nn/ops/ops.def NN_OP nn/ops/NAME.c whole
registered nn/quant/quantizers.def NN_WEIGHT_QUANTIZER nn/quant/NAME.c
registered search/strategies.def STRATEGY search/NAME.c
registered evaluator/evaluators.def EVALUATOR evaluator/NAME.c
registered evaluator/exec/executors.def EXECUTOR evaluator/exec/NAME.c
registered reports/formats.def REPORT_FORMAT reports/NAME.c
registered reports/charts.def CHART reports/charts/NAME.c whole
registered reports/web.def WEB reports/web/NAME.js
[ ! -e space/blocks.def ] || registered space/blocks.def BLOCK space/blocks/NAME.c whole
for f in $(echo "$files" | grep '\.def$'); do
    case " $registries " in *" $f "*) ;; *) complain "$f: a registry that tests/lint/test_house.sh does not know" ;; esac
done
exit $status
