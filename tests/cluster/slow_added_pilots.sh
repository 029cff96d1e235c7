#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pilots are added to a run and work for it within 5 s of their start; a pilot that nobody uses ends by itself; stop ends all.
. "$(dirname "$0")/case.sh"
launch 1 250 30
wait_for 60 "the first worker is there" logged 1 'a worker on'
cluster "$ASHLAR" launch add-pilots run.yaml --pilots 2 --cpus-per-task 2 --idle 60 --mem 1G >more.txt || fail "add-pilots: $(cat more.txt)"
added=$(sed -n 's/^pilots: job \([0-9]*\)/\1/p' more.txt)
both() { [ "$(cluster squeue -h -r -j "$added" -t R | wc -l)" = 2 ]; }
wait_for 30 "the added pilots run" both
ready=$(date +%s.%N)
wait_for 15 "they have workers" logged 3 'a worker on'
took=$(since "$ready")
say "workers $took s after their pilots"
awk -v s="$took" 'BEGIN {exit !(s <= 5)}' || fail "it took $took s, more than 5"
hosts() { [ "$(sqlite3 -readonly run.db 'SELECT count(DISTINCT host) FROM trials WHERE host IS NOT NULL')" = 3 ]; }
wait_for 30 "all three nodes have stored trials" hosts
# a pilot of a study that nobody searches
digits_run other.yaml 5 1
cluster "$ASHLAR" launch add-pilots other.yaml --pilots 1 --idle 5 --mem 500M >other.txt || fail "add-pilots: $(cat other.txt)"
idle=$(sed -n 's/^pilots: job \([0-9]*\)/\1/p' other.txt)
wait_for 30 "an unused pilot runs" state "$idle" RUNNING
wait_for 30 "it has ended by itself" gone "$idle"
array=$array,$added
ends_well 0
