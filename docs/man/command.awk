# SPDX-License-Identifier: GPL-3.0-or-later
# command.awk - a command's --help (argp, unwrapped by ARGP_HELP_FMT=rmargin=1000) as a manual page
# Variables: name (run), summary, version.
function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    if (s ~ /^[.']/)
        s = "\\&" s
    return s
}
BEGIN {
    title = toupper("ashlar-" name)
    printf ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" made from \"ashlar %s --help\"\n", name
    printf ".TH %s 1 \"\" \"Ashlar %s\" \"User Commands\"\n.SH NAME\nashlar\\-%s \\- %s\n.SH SYNOPSIS\n", title, version, name, roff(summary)
    part = "usage"
}
part == "usage" && /^(Usage|  or): +/ {
    sub(/^(Usage|  or): +/, "")
    words = $0
    sub(/^ashlar [a-z]+ ?/, "", words)
    if (synopses++)
        print ".br"
    printf ".B ashlar %s\n%s\n", name, roff(words)
    next
}
part == "usage" { print ".SH DESCRIPTION"; part = "text" }
/^Mandatory or optional arguments/ { next }
/^ +-/ { # an option; its help is behind two blanks or in the next line
    if (part != "options") {
        print ".SH OPTIONS"
        part = "options"
    }
    close_example()
    sub(/^ +/, "")
    at = match($0, /  +/)
    flags = at ? substr($0, 1, at - 1) : $0
    help = at ? substr($0, at + RLENGTH) : ""
    printf ".TP\n.B %s\n", roff(flags)
    if (help != "")
        print roff(help)
    next
}
part == "options" && /^ {10,}/ { sub(/^ +/, ""); print roff($0); next }
part == "options" && /^ [A-Z]/ { sub(/^ +/, ""); printf ".SS %s\n", roff($0); next } # a group's heading
/^$/ {
    close_example()
    blank = 1
    next
}
{
    if (part == "options") {
        print ".SH NOTES"
        part = "notes"
        blank = 0
    }
    if ($0 == "Examples:" || $0 == "For example:") {
        print ".SH EXAMPLES"
        blank = 0
        next
    }
    if (/^  /) { # as it stands
        if (!example)
            print ".PP\n.nf\n.RS"
        example = 1
        sub(/^  /, "")
    } else {
        close_example()
        if (blank)
            print ".PP"
    }
    blank = 0
    print roff($0)
}
function close_example() {
    if (example)
        print ".RE\n.fi"
    example = 0
}
END {
    close_example()
    print ".SH SEE ALSO\n.BR ashlar (1),\n.BR ashlar\\-runfile (5)"
}
