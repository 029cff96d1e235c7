/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm_script.c - the batch scripts of a run and of its pilots
 *
 * Slurm starts a job anew when its node fails or it is preempted, and calls one that was killed failed for ever. So the run's script decides itself: it
 * asks to be started again unless the run ended by its own decision. --take-over is safe: the study's fence keeps out the run before. */
#include "cli/outcome.h"
#include "cli/slurm.h"

static void directive(buffer *out, const char *format, const char *value)
{
    if (!value)
        return;
    buffer_puts(out, "#SBATCH ");
    buffer_printf(out, format, value);
    buffer_puts(out, "\n");
}

static void word(buffer *out, const char *text)
{
    arena *a = arena_create();
    const char *quoted = a ? outcome_shell_word(a, text) : NULL;
    if (quoted)
        buffer_printf(out, " %s", quoted);
    else
        out->failed = true;
    arena_destroy(a);
}

static const char ending[] =
    "run=$!\n"
    "stopped=\n"
    "trap 'kill -TERM $run' TERM USR1\n"
    "trap 'stopped=yes; kill -INT $run' INT\n"
    "wait $run; status=$?\n"
    "while kill -0 $run 2>/dev/null; do wait $run; status=$?; done  # a trap ends a wait\n"
    "trap '' TERM USR1 INT\n"
    "case $stopped$status in\n"
    "3) exit 3 ;;                    # another one of this run has taken over\n"
    "yes* | 0 | 1 | 2) ;;            # done, told to stop, or a failure that another start does not mend\n"
    "*)                              # 75: told to leave; others: killed\n"
    "    if [ \"${SLURM_RESTART_COUNT:-0}\" -lt 50 ]; then\n"
    "        scontrol requeue \"$SLURM_JOB_ID\"   # refused when Slurm does it already\n"
    "        sleep 60                # until Slurm ends this one\n"
    "        exit $status            # pilots stay for the next one\n"
    "    fi ;;\n"
    "esac\n";

void slurm_controller_script(const slurm_request *r, buffer *out)
{
    buffer_puts(out, "#!/bin/bash\n");
    directive(out, "--job-name=%s", r->name);
    if (r->nodes)
        buffer_printf(out, "#SBATCH --nodes=%d --ntasks-per-node=1 --cpus-per-task=%d --no-kill\n", r->nodes, r->cpus);
    else
        buffer_puts(out, "#SBATCH --ntasks=1 --cpus-per-task=1\n");
    directive(out, "--mem=%s", r->nodes ? r->mem : r->controller_mem);
    directive(out, "--time=%s", r->time);
    directive(out, "--partition=%s", r->partition);
    directive(out, "--output=%s", r->log);
    buffer_puts(out, "#SBATCH --requeue --open-mode=append --signal=B:USR1@60\n");
    word(out, r->program);
    buffer_puts(out, " run");
    word(out, r->config);
    buffer_puts(out, " --db");
    word(out, r->db);
    buffer_printf(out, " --take-over --executor %s", r->nodes ? "allocation" : "slurm --set execution.pilots=");
    if (!r->nodes)
        buffer_printf(out, "%s-pilots", r->name);
    for (size_t i = 0; i < r->n_run; i++)
        word(out, r->run[i]);
    buffer_puts(out, " &\n");
    buffer_puts(out, ending);
    if (!r->nodes)
        buffer_printf(out, "scancel --me --name=%s-pilots\n", r->name);
    buffer_puts(out, "exit $status\n");
}

void slurm_pilot_script(const slurm_request *r, buffer *out)
{
    buffer_puts(out, "#!/bin/bash\n");
    buffer_printf(out, "#SBATCH --job-name=%s-pilots --array=1-%d", r->name, r->pilots);
    if (r->array_limit)
        buffer_printf(out, "%%%d", r->array_limit);
    buffer_printf(out, "\n#SBATCH --nodes=1 --ntasks=1 --cpus-per-task=%d\n", r->cpus);
    directive(out, "--mem=%s", r->mem);
    directive(out, "--time=%s", r->time);
    directive(out, "--partition=%s", r->partition);
    buffer_puts(out, "#SBATCH --requeue --open-mode=append --output=/dev/null\n"
                     "# Holds the node for a worker, which touches this file while the run speaks to it.\n"
                     "mark=/tmp/ashlar-pilot-$SLURM_JOB_ID\n"
                     ": >\"$mark\"\n"
                     "trap 'rm -f \"$mark\"; exit' TERM INT\n"
                     "while sleep 5 & wait $!; do\n");
    buffer_printf(out, "    [ $(($(date +%%s) - $(stat -c %%Y \"$mark\" || echo 0))) -lt %d ] || break\n", r->idle_s);
    buffer_puts(out, "done\n"
                     "rm -f \"$mark\"\n");
}
