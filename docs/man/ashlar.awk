# SPDX-License-Identifier: GPL-3.0-or-later
# ashlar.awk - "ashlar --help", then ashlar.1.in: the line @COMMANDS@ becomes the list of commands. Variable: version.
function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    return s
}
NR == FNR {
    if (match($0, /^  [a-z]+ +/)) {
        name = $1
        list = list sprintf(".TP\n.BR ashlar\\-%s (1)\n%s\n", name, roff(substr($0, RLENGTH + 1)))
    }
    next
}
{ gsub(/@VERSION@/, version) }
$0 == "@COMMANDS@" { printf "%s", list; next }
{ print }
