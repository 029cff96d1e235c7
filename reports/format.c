/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.c - the registry of report formats, and how metrics are called */
#include "reports/report.h"
#include <string.h>

#define REPORT_FORMAT(name) extern const report_format report_##name;
#include "reports/formats.def"
#undef REPORT_FORMAT

static const report_format *const formats[] = {
#define REPORT_FORMAT(name) &report_##name,
#include "reports/formats.def"
#undef REPORT_FORMAT
};

const char *const report_format_names[] = {
#define REPORT_FORMAT(name) #name,
#include "reports/formats.def"
#undef REPORT_FORMAT
    NULL,
};

const report_format *report_format_at(size_t i)
{
    return i < sizeof formats / sizeof formats[0] ? formats[i] : NULL;
}

const report_format *report_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (!strcmp(formats[i]->name, name))
            return formats[i];
    return NULL;
}

static const struct {
    const char *name, *label;
    report_unit unit;
} known_metrics[] = {
#define METRIC(name, label, unit) {#name, label, unit},
#include "reports/metrics.def"
#undef METRIC
};

void report_describe_metric(const char *name, report_metric *out)
{
    *out = (report_metric){.name = name, .label = name, .unit = REPORT_PLAIN};
    for (size_t i = 0; i < sizeof known_metrics / sizeof known_metrics[0]; i++)
        if (!strcmp(known_metrics[i].name, name)) {
            out->label = known_metrics[i].label;
            out->unit = known_metrics[i].unit;
        }
}

const char *report_unit_name(report_unit unit)
{
    static const char *const names[] = {"plain", "fraction", "count", "bytes", "bits", "seconds", "joules", "arithmetic"};
    return names[unit];
}

const char *report_arithmetic(double integer)
{
    return integer != 0 ? "integer" : "float";
}

const char *report_axis_label(const report_metric *m, arena *a)
{
    static const char *const units[] = {"", "", "", " (B)", "", " (s)", " (J)", ""};
    const char *unit = m->percent ? " (%)" : units[m->unit];
    return arena_printf(a, "%s%s", m->label, unit);
}
