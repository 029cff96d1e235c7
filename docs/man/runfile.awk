# SPDX-License-Identifier: GPL-3.0-or-later
# runfile.awk - "ashlar options --format csv" as the manual page ashlar-runfile(5). Variable: version.
function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    return s
}
# One CSV record to cell[1..n]; quotes are doubled inside quotes (RFC 4180).
function split_csv(line, n, c, quoted) {
    n = 1
    delete cell
    for (at = 1; at <= length(line); at++) {
        c = substr(line, at, 1)
        if (c == "\"" && quoted && substr(line, at + 1, 1) == "\"") {
            cell[n] = cell[n] c
            at++
        } else if (c == "\"")
            quoted = !quoted
        else if (c == "," && !quoted)
            n++
        else
            cell[n] = cell[n] c
    }
}
BEGIN {
    print ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" made from \"ashlar options --format csv\""
    printf ".TH ASHLAR\\-RUNFILE 5 \"\" \"Ashlar %s\" \"File Formats\"\n", version
    print ".SH NAME\nashlar\\-runfile \\- what is searched, on which data, how each network is trained"
    print ".SH DESCRIPTION\nA run file is YAML. It holds sections of settings; each has a default or is marked as required. Paths are relative to the"
    print "run file's folder. Sizes take K, M, G (powers of 1024), counts k, M, G (powers of 1000). A wrong key or value is refused with its line."
    print ".PP\nA section with a \\fBtype\\fR or \\fBstrategy\\fR takes the keys listed under that name, too; a stage of a space takes those of its block, each"
    print "a value or a list of values to choose from. \\fBashlar init\\fR writes a run file for a data set."
    print ".SH EXAMPLE\n.nf\n.RS"
    print "data: {type: digits}\nspace:\n  stages:\n    \\- {name: stem, block: conv, width: [4, 8, 16], kernel: 3}"
    print "train: {epochs: 20}\nsearch: {strategy: nsga2, objectives: [error, macs]}\nbudget: {evaluations: 100}\n.RE\n.fi"
}
{
    sub(/\r$/, "")
    split_csv($0)
}
NR == 1 { next }
{
    section = cell[1]
    if (!sub(/\.[^.]*$/, "", section))
        section = "top level"
    if (section != last_section)
        printf ".SH %s\n", toupper(section)
    if (cell[2] != last_with || section != last_section) {
        if (cell[2] != "")
            printf ".SS %s\n", cell[2]
    }
    last_section = section
    last_with = cell[2]
    printf ".TP\n.BR %s \" (%s", roff(cell[1]), roff(cell[3])
    if (cell[4] != "")
        printf cell[4] == "required" ? ", required" : ", default " roff(cell[4])
    printf ")\"\n%s\n", roff(cell[5])
}
END { print ".SH SEE ALSO\n.BR ashlar (1),\n.BR ashlar\\-init (1),\n.BR ashlar\\-run (1)" }
