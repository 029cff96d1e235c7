# SPDX-License-Identifier: GPL-3.0-or-later
# test_includes.sh - the table of docs/architecture.md says which folder may include which; every #include must obey
#
# Inside a folder (nn/kernels and nn, evaluator/cost and evaluator) includes are free. Tests may include what their folder may.
set -euo pipefail
cd "${1:-$ASHLAR_SOURCE}"

# Lines "FOLDER ALLOWED", where ALLOWED is a folder, folder/header.h, or "everything".
arrows=$(awk -F'|' '
    /^\| *`[a-z]+\/` *\|/ {
        gsub(/[` \/]/, "", $2)
        folder = $2
        print folder, folder
        gsub(/^ +| +$/, "", $4)
        n = split($4, parts, ", *(and )?")
        for (i = 1; i <= n; i++) {
            if (parts[i] == "-")
                continue
            if (match(parts[i], /^[a-z]+\047s `[a-z_]+\.h`$/)) { # search\047s `controller.h`
                split(parts[i], owner, "\047")
                header = parts[i]
                gsub(/^.*`([^`]*)`?$/, "&", header)
                sub(/^[^`]*`/, "", header)
                sub(/`$/, "", header)
                print folder, owner[1] "/" header
            } else if (parts[i] ~ /^[a-z]+$/)
                print folder, parts[i]
            else
                print "unreadable:", parts[i]
        }
    }' docs/architecture.md)
folders=$(echo "$arrows" | cut -d' ' -f1 | sort -u)
[ "$(echo "$folders" | wc -w)" -ge 10 ] || { echo "docs/architecture.md: the table has too few folders: $folders"; exit 1; }
if echo "$arrows" | grep '^unreadable:'; then echo "docs/architecture.md: cannot read this cell"; exit 1; fi

# A folder of C sources that the table does not name would escape it.
status=0
for folder in */; do
    folder=${folder%/}
    case $folder in bench | build | tests | docs | scripts | cmake | examples) continue ;; esac
    [ -n "$(find "$folder" -name '*.[ch]' -print -quit)" ] || continue
    grep -qx "$folder" <<< "$folders" || { echo "$folder/ has sources and is not in the table of docs/architecture.md"; status=1; }
done

# "FILE:LINE HEADER" for every include of ours, by quotes or by angle brackets.
ours=$(echo $folders | tr ' ' '|')
find $folders tests bench -name '*.[ch]' -o -name '*.inc' -o -name '*.def' -o -name '*.in' | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*("|<('"$ours"')/)' |
    sed -E 's/^([^:]*:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*)[">].*/\1 \2/' |
    awk -v arrows="$arrows" '
    BEGIN {
        n = split(arrows, line, "\n")
        for (i = 1; i <= n; i++) {
            split(line[i], pair, " ")
            may[pair[1], pair[2]] = 1
            known[pair[1]] = 1
        }
    }
    {
        split($1, path, "/")
        from = path[1]
        if (from == "tests") { # the harness and integration tests may see all
            from = path[2]
            if (!(from in known))
                next
            if ($2 !~ /\// || $2 ~ /^tests\// || (getline ignored < ("tests/" $2)) >= 0) { # a helper of the tests
                close("tests/" $2)
                next
            }
        } else if (from == "bench")
            next
        split($2, target, "/")
        if ($2 !~ /\// || $2 ~ /^\./ || !(target[1] in known)) {
            if ($2 == "unit.h")
                next
            print $1 ": \"" $2 "\": write it from the top folder, as in \"" from "/name.h\""
            bad = 1
        } else if (!((from, target[1]) in may) && !((from, $2) in may) && !((from, "everything") in may)) {
            print $1 ": " from "/ may not include \"" $2 "\" (docs/architecture.md)"
            bad = 1
        }
        count++
    }
    END {
        print count " includes of " length(known) " folders"
        exit bad || count < 100
    }' || status=1
exit $status
