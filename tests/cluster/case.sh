# SPDX-License-Identifier: GPL-3.0-or-later
# case.sh - what the tests on the cluster share: a launched search of digits, things that happen to it, and the digest at the end
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/cluster.sh"
missing=$(cluster_missing)
[ -z "$missing" ] || { echo "skipped: no Slurm cluster can be made here: $missing"; exit 77; }
[ -z "${ASHLAR_SANITIZE:-}" ] || { echo "skipped: too slow under a sanitizer"; exit 77; }
trap 'cluster_stop; rm -rf "$work"' EXIT
chmod 755 "$work"
. "$(dirname "$0")/case_run.sh"

launch() { # PILOTS EVALUATIONS EPOCHS [OPTION...]: a search on a cluster of three nodes with three cores: two for a pilot, one spare
    local pilots=$1
    digits_run run.yaml "$2" "$3"
    shift 3
    expected=$(expected_digest run.yaml)
    say "the undisturbed digest is known"
    cluster_start 3 3 || { fail "no cluster"; finish; }
    cluster "$ASHLAR" launch slurm run.yaml --pilots "$pilots" --cpus-per-task 2 --idle 60 --controller-mem 500M --mem 1G "$@" >launched.txt 2>&1 ||
        fail "launch: $(cat launched.txt)"
    job=$(sed -n 's/^run: job \([0-9]*\).*/\1/p' launched.txt)
    array=$(sed -n 's/^pilots: job \([0-9]*\)/\1/p' launched.txt)
    log=$PWD/run.db.log
    say "launched"
}

wait_for() { # SECONDS WHAT COMMAND...: ends the test when it does not happen
    local until=$(($(date +%s) + $1)) what=$2
    shift 2
    while ! "$@" 2>/dev/null; do
        if [ "$(date +%s)" -ge "$until" ]; then
            fail "$what did not happen; $(tail -5 "$log" 2>/dev/null); $(cluster squeue -r -o '%A %F %T %N %r' 2>&1)"
            finish # what would follow only waits in vain, too
        fi
        sleep 0.1
    done
    say "$what"
}
logged() { [ "$(grep -c -- "$2" "$log")" -ge "$1" ]; } # TIMES PATTERN
stored() { [ "$(sqlite3 -readonly run.db 'SELECT count(*) FROM trials' || echo 0)" -ge "$1" ]; }
job_shows() { cluster squeue -h -r -o "%A $2" | awk -v j="$1" '$1 == j {print $2}'; } # RAW-ID FORMAT: an array has the number of one of its jobs
state() { [ "$(job_shows "$1" %T)" = "$2" ]; } # JOB STATE
gone() { # JOB or array; a server that does not answer says nothing
    local list
    list=$(cluster squeue -h -j "$1" -o %T 2>&1) || [[ $list == *"Invalid job id"* ]] && [[ $list != *ING* ]]
}
place() { job_shows "$1" %N; } # the node of a job
start_now() { cluster scontrol update JobId="$(job_shows "$1" %i)" StartTime=now; }
pilot_on() { cluster squeue -h -r -j "$array" -t R -o '%A %N' | awk -v n="$1" '$2 == n {print $1}'; } # NODE: raw id
worker_of() { # PILOT: the process that Slurm started, not srun, not trainers
    local pid parent
    for pid in $(pgrep -f "^$ASHLAR worker .*/tmp/ashlar-pilot-$1\$"); do
        parent=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status" 2>/dev/null)
        [ "$(cat "/proc/$parent/comm" 2>/dev/null)" = slurmstepd ] && echo "$pid" && return
    done
}
# A job that was put back waits two minutes by Slurm's own rule.
start_again() { # JOB
    wait_for 60 "job $1 is queued again" state "$1" PENDING
    sleep 3
    start_now "$1"
    for _ in $(seq 20); do # a node that has just come back may refuse a job that it still ends; Slurm then holds it
        sleep 0.5
        ! [[ $(job_shows "$1" %r) =~ held|launch ]] || { cluster scontrol release "$(job_shows "$1" %i)"; start_now "$1"; }
        state "$1" RUNNING && break
    done
    wait_for 60 "job $1 runs again" state "$1" RUNNING
}

redone() { sqlite3 -readonly run.db "SELECT coalesce(sum(attempts - 1), 0) FROM trials WHERE attempts > 1"; }
ends_well() { # MOST: evaluations that may have been done again
    wait_for 400 "the run has ended" gone "$job"
    grep -q 'hypervolume:' "$log" || fail "the run has no result: $(tail -5 "$log")"
    same "digest" "$expected" "$(digest run.db)"
    local n
    n=$(redone)
    say "$n evaluations done again"
    [ "$n" -le "$1" ] || fail "$n evaluations done again, at most $1 were in flight"
    [ -z "$(sqlite3 -readonly run.db "SELECT trial FROM trials WHERE status = 'failed'")" ] || fail "a loss counted against a trial"
    wait_for 30 "the pilots have ended" gone "$array"
    finish
}
