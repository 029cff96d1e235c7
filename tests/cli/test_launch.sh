#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# launch, stop, doctor without a cluster: what would be submitted is two scripts that a shell understands; wrong use is said
. "$(dirname "$0")/lib.sh"
small_run 'my run.yaml'
"$ASHLAR" launch slurm 'my run.yaml' --db 'a b.db' --pilots 7 --array-limit 3 --time 1:00:00 --partition long -c 4 --mem 3G --set train.epochs=2 --dry-run \
    -- --account=x >all.txt 2>err.txt || fail "dry run: $(cat err.txt)"
holds() { grep -qF -- "$2" "$1" || fail "$1 lacks $2: $(cat "$1")"; }
holds err.txt 'about 4 of 12 trainers at work; a new study for all of them: --set search.lookahead=48'
same "scripts" 2 "$(grep -c '^EOF$' all.txt)"
same "commands" 2 "$(grep -c '^# sbatch --parsable .*--account=x' all.txt)"
awk '/<<.EOF.$/ {n++; next} /^EOF$/ {next} {print > ("script" n)}' all.txt
for script in script1 script2; do bash -n $script || fail "$script is no script"; done
holds script1 "run '$PWD/my run.yaml' --db '$PWD/a b.db' --take-over --executor slurm --set execution.pilots=ashlar-a_b-"
holds script1 "--set train.epochs=2 &"
holds script1 '--time=1:00:00'
holds script1 '--requeue --open-mode=append'
holds script2 '--array=1-7%3'
holds script2 '--cpus-per-task=4'
holds script2 '--partition=long'
holds script2 '--mem=3G'
holds all.txt '--dependency=after:CONTROLLER'
pilots=$(sed -n 's/^#SBATCH --job-name=\([^ ]*\) .*/\1/p' script2)
holds script1 "execution.pilots=$pilots "
holds script1 "scancel --me --name=$pilots"

"$ASHLAR" launch slurm 'my run.yaml' --nodes 3 -c 2 --dry-run >all.txt 2>err.txt || fail "one job: $(cat err.txt)"
same "scripts of one job" 1 "$(grep -c '^EOF$' all.txt)"
holds all.txt '--nodes=3 --ntasks-per-node=1 --cpus-per-task=2 --no-kill'
holds all.txt '--executor allocation'
"$ASHLAR" launch add-pilots 'my run.yaml' --db 'a b.db' --pilots 2 --dry-run >all.txt 2>err.txt || fail "more pilots: $(cat err.txt)"
same "scripts of more pilots" 1 "$(grep -c '^EOF$' all.txt)"
holds all.txt "--job-name=$pilots --array=1-2"
same "mpirun's line" "mpirun -n 5 --oversubscribe $ASHLAR run 'my run.yaml' --db 'my run.db' --executor mpi --set seed=3" \
    "$("$ASHLAR" launch mpi 'my run.yaml' --ranks 5 --set seed=3 --dry-run -- --oversubscribe)"
many=$(for i in $(seq 60); do printf -- '--set seed=%d ' "$i"; done)
# shellcheck disable=SC2086 # words
same "settings in mpirun's line" 60 "$("$ASHLAR" launch mpi 'my run.yaml' $many --dry-run | grep -o -- '--set seed=' | wc -l)"

refused() { # PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$ASHLAR" "$@" >out.txt 2>err.txt
    same "status of $*" 2 $?
    grep -q -- "$pattern" err.txt || fail "$*: $(cat err.txt)"
}
refused 'slurm, add-pilots or mpi' launch sulrm x.yaml
refused 'name a run file' launch slurm
refused 'No such file' launch slurm x.yaml
refused 'behind --' launch slurm 'my run.yaml' --dry-run other
refused 'did you mean' launch slurm 'my run.yaml' --dry-run --set train.epohcs=2
refused 'execution.pilots' run 'my run.yaml' --executor slurm
refused 'inside a Slurm job' run 'my run.yaml' --executor allocation
refused "name the run's database" stop
PATH=/nowhere "$ASHLAR" stop a.db >out.txt 2>err.txt
same "status of stop without Slurm" 1 $?
"$ASHLAR" doctor --format csv >out.txt 2>err.txt || fail "doctor: $(cat out.txt err.txt)"
holds out.txt 'folder,ok'
PATH=/nowhere "$ASHLAR" doctor --slurm >out.txt 2>err.txt
same "status of doctor without Slurm" 1 $?
holds out.txt FAILED
finish
