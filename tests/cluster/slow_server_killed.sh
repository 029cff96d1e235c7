#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Slurm's server is killed and is back after 6 s: nothing is lost.
. "$(dirname "$0")/case.sh"
launch 3 120 30
wait_for 60 "trials are stored" stored 10
cluster_server_kill
before=$(sqlite3 -readonly run.db 'SELECT count(*) FROM trials')
sleep 6
stored $((before + 1)) || fail "nothing was stored while the server was away"
cluster_server_start
say "the server is back"
ends_well 0
