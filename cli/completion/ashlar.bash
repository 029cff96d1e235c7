# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for ashlar: asks the program for its commands, options and their values, so it cannot lag behind

# The words of the usage line, "[OPTION...] DB [TRIAL...]", and the help of one option.
_ashlar_usage() { sed -n 's/^\(Usage\|  or\): *ashlar [a-z]* *//p' <<<"$1"; }
_ashlar_option() { sed -nE "s/^ +(-., )?$2(=[^ ]*)? +(.*)/\3/p" <<<"$1"; }

_ashlar() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} help words
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words=$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
        COMPREPLY=($(compgen -W "$words --help --version" -- "$current"))
        return
    fi
    help=$(ARGP_HELP_FMT=rmargin=1000 "$program" "$command" --help 2>/dev/null)
    # "--format=csv" is three words here
    [[ $current == "=" ]] && current=
    [[ $previous == "=" ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}
    if [[ $previous == --* ]] && grep -qE -- "$previous=[A-Z]" <<<"$help"; then
        if [[ $previous == --format ]]; then # a list of its own, or "table (for people), csv or json"
            words=$(sed -n '/^Formats:/,/^$/s/^  \([a-z0-9]*\)  .*/\1/p' <<<"$help")
            [[ -n $words ]] || words=$(_ashlar_option "$help" "$previous" | sed 's/([^)]*)//g' | grep -oE '\b[a-z0-9]+\b' | grep -vx or)
            COMPREPLY=($(compgen -W "$words" -- "$current"))
        else
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$current"))
        fi
    elif [[ $current == -* ]]; then
        words=$(grep -oE -- '^ +(-., )?--[a-z0-9-]+=?' <<<"$help" | grep -o -- '--.*')
        COMPREPLY=($(compgen -W "$words" -- "$current"))
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    else
        local usage=$(_ashlar_usage "$help") pattern='*'
        case $usage in
        *DB*) pattern='*.db' ;;
        *CONFIG* | *ARCH*) pattern='*.yaml' ;;
        esac
        # lower-case words of the usage are actions: "show|count CONFIG"
        ((COMP_CWORD == 2)) && words=$(sed 's/\[[^]]*\]//g' <<<"$usage" | grep -oE '\b[a-z]+(-[a-z]+)*\b' | sort -u)
        compopt -o filenames 2>/dev/null
        if [[ -n $words ]]; then
            COMPREPLY=($(compgen -W "$words" -- "$current"))
        else
            COMPREPLY=($(compgen -f -X "!$pattern" -- "$current") $(compgen -d -- "$current"))
        fi
    fi
}
complete -F _ashlar ashlar
