/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_options.c - see figure_options.h */
#include "cli/figure_options.h"
#include "core/format.h"
#include "core/text.h"
#include <stdlib.h>
#include <string.h>

static size_t count(const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

/* "html, svg or csv" */
static const char *alternatives(const char *const *names, char *out, size_t size)
{
    size_t n = count(names), at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)format_text(out + at, size - at, "%s%s", !i ? "" : i + 1 == n ? " or " : ", ", names[i]);
    return out;
}

_Noreturn void cli_refuse_name(const struct argp_state *state, const char *option, const char *name, const char *const *names)
{
    char list[256];
    const char *near = text_nearest(name, names, count(names));
    cli_usage(state, "%s is %s, not \"%s\"%s%s%s", option, alternatives(names, list, sizeof list), name,
              near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

double cli_width_cm(const struct argp_state *state, const char *text)
{
    double width;
    if (!text_to_real(text, &width) || width < 4 || width > 60)
        cli_usage(state, "--width is from 4 to 60 (centimetres), not \"%s\"", text);
    return width;
}

const char *cli_ending_of(const char *path)
{
    const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');
    return dot ? dot + 1 : "";
}

const report_format *cli_format_of(const char *path)
{
    for (size_t i = 0; report_format_at(i); i++)
        if (strcmp(report_format_at(i)->extension, cli_ending_of(path)) == 0)
            return report_format_at(i);
    return NULL;
}

ash_status cli_find_metric(const report *r, const char *option, const char *name, int *out, ash_error *err)
{
    if (!name)
        return ASH_OK;
    *out = report_metric_index(r, name);
    if (*out >= 0)
        return ASH_OK;
    const char **names = malloc((r->n_metrics + 1) * sizeof *names);
    if (!names)
        return ash_fail_memory(err);
    buffer list = {0};
    for (size_t i = 0; i < r->n_metrics; i++) {
        names[i] = r->metrics[i].name;
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(name, names, r->n_metrics);
    free(names);
    if (near)
        ash_fail(err, ASH_INVALID, "%s: the run has no metric \"%s\"; did you mean \"%s\"?", option, name, near);
    else
        ash_fail(err, ASH_INVALID, "%s: the run has no metric \"%s\"; it has %s", option, name, list.len ? list.data : "none");
    buffer_free(&list);
    return ASH_INVALID;
}
