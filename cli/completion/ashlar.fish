# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for ashlar: asks the program for its commands and options, so it cannot lag behind

function __ashlar_commands
    ashlar --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __ashlar_options
    set -l words (commandline -opc)
    ARGP_HELP_FMT=rmargin=1000 ashlar $words[2] --help 2>/dev/null | string replace -rf '^ +(?:-., )?(--[a-z0-9-]+=?)\S* +(.*)' '$1\t$2'
end

complete -c ashlar -n __fish_use_subcommand -f -a '(__ashlar_commands)'
complete -c ashlar -n 'not __fish_use_subcommand' -a '(__ashlar_options)'
