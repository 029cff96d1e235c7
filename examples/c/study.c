/* SPDX-License-Identifier: GPL-3.0-or-later */
/* study.c - searches a run file, prints the front, and lets its most accurate member predict what stands on standard input
 *
 *     ./study digits.yaml digits.db < samples.txt
 *
 * samples.txt holds numbers between blanks, commas or line ends, a sample after the other, in the units of the data set. */
#include <ashlar.h>
#include <stdio.h>
#include <stdlib.h>

static int show(void *ctx, const ash_progress *p)
{
    (void)ctx;
    fprintf(stderr, "\r%3.0f %%  %llu networks, best %g", 100 * p->fraction, (unsigned long long)p->evaluated, p->best);
    return 0; /* go on */
}

static int fail(const ash_error *err)
{
    fprintf(stderr, "study: %s\n", err->text);
    return err->status;
}

/* The member with the lowest first objective. */
static const ash_trial *print_front(const ash_run *run)
{
    const ash_trial *best = NULL;
    printf("run %lld, seed %llu: %zu trials\n", (long long)ash_run_id(run), (unsigned long long)ash_run_seed(run), ash_run_trial_count(run));
    for (size_t i = 0; i < ash_run_front_count(run); i++) {
        const ash_trial *t = ash_run_front(run, i);
        for (size_t k = 0; k < ash_run_objective_count(run); k++)
            printf("%s %g  ", ash_run_objective(run, k), ash_trial_metric(t, ash_run_objective(run, k)));
        printf("%s\n", ash_trial_genome(t));
        if (!best || ash_trial_metric(t, ash_run_objective(run, 0)) < ash_trial_metric(best, ash_run_objective(run, 0)))
            best = t;
    }
    return best;
}

/* The next sample; 0 at the end of the input. */
static int read_sample(float *sample, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (scanf("%f%*[, \t\r\n]", &sample[i]) != 1)
            return 0;
    return 1;
}

static int predict(ash_model *model, ash_error *err)
{
    int h, w, c;
    ash_model_input(model, &h, &w, &c);
    size_t size = (size_t)h * (size_t)w * (size_t)c, n = ash_model_output_count(model);
    float *sample = malloc(size * sizeof(*sample)), *out = malloc(n * sizeof(*out));
    while (sample && out && read_sample(sample, size) && ash_model_predict(model, sample, 1, out, err) == ASH_OK) {
        size_t top = 0;
        for (size_t i = 1; i < n; i++)
            if (out[i] > out[top])
                top = i;
        printf("%s %.4f\n", ash_model_output_name(model, top) ? ash_model_output_name(model, top) : "", out[top]);
    }
    free(sample);
    free(out);
    return 0;
}

int main(int argc, char **argv)
{
    ash_error err;
    ash_study *study;
    const ash_run *run;
    ash_model *model;
    if (argc != 3) {
        fprintf(stderr, "usage: study RUNFILE DATABASE < SAMPLES\n");
        return ASH_INVALID;
    }
    ash_status status = ash_search(argv[1], argv[2], NULL, show, NULL, &err);
    fputc('\n', stderr);
    if (status != ASH_OK || ash_study_open(argv[2], &study, &err) != ASH_OK)
        return fail(&err);
    if (ash_study_run(study, 0, &run, &err) != ASH_OK || ash_model_load(study, print_front(run), &model, &err) != ASH_OK) {
        ash_study_close(study);
        return fail(&err);
    }
    int verdict = predict(model, &err);
    ash_model_close(model);
    ash_study_close(study);
    return verdict;
}
