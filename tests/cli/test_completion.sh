#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion: what bash, fish and zsh (where installed) offer for commands, options and values, compared with what the program itself says.
. "$(dirname "$0")/lib.sh"
mkdir bin && ln -s "$ASHLAR" bin/ashlar
PATH=$work/bin:$PATH
files=$ASHLAR_SOURCE/cli/completion
. "$files/ashlar.bash"
compopt() { :; } # only works while completing

offers() { # LINE: as bash would split it; a last blank starts a new word
    local line=${1//=/ = }
    read -ra COMP_WORDS <<<"$line"
    [[ $line == *' ' && $1 != *= ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _ashlar
    echo "${COMPREPLY[*]}"
}
commands=$("$ASHLAR" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
same "commands" "$(echo $commands --help --version)" "$(offers 'ashlar ')"
same "a command" "report" "$(offers 'ashlar rep')"
for command in $commands; do
    wanted=$("$ASHLAR" "$command" --help | grep -oE -- '^ +(-., )?--[a-z0-9-]+' | grep -o -- '--.*' | tr '\n' ' ')
    same "options of $command" "$wanted" "$(offers "ashlar $command --" | tr -d = | tr '\n' ' ')"
done
same "an option" "--evaluations=" "$(offers 'ashlar run --ev')"
same "a value" "csv" "$(offers 'ashlar query --format c')"
same "a value after =" "table csv json" "$(offers 'ashlar query --format=')"
[[ " $(offers 'ashlar report x.db --format ') " == *" html svg "*" latex "* ]] || fail "formats of report: $(offers 'ashlar report x.db --format ')"
same "actions" "check count sample show" "$(offers 'ashlar space ')"
touch one.db two.yaml three.txt
mkdir folder
same "databases" "bin folder one.db" "$(offers 'ashlar query ' | tr ' ' '\n' | sort | xargs)"
same "run files" "bin folder two.yaml" "$(offers 'ashlar run ' | tr ' ' '\n' | sort | xargs)"
same "files of an option" "three.txt" "$(offers 'ashlar report one.db --output th')"

if command -v fish >/dev/null; then
    fish_offers() { HOME=$work fish --no-config -c "source $files/ashlar.fish; complete -C'$1'" | cut -f1; }
    same "fish: commands" "$(sort <<<"$commands")" "$(fish_offers 'ashlar ' | sort)"
    same "fish: options" "--evaluations=" "$(fish_offers 'ashlar run --ev')"
fi
! command -v zsh >/dev/null || zsh -n "$files/_ashlar" || fail "zsh cannot read _ashlar"
finish
