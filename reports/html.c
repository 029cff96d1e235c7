/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html.c - one page that opens offline
 *
 * Everything is inside: style, scripts, data, and the chart library when the program was built with it. A content
 * security policy forbids every request, so the page cannot send anything either. Without JavaScript it
 * still shows the front as a figure and a table, both written here; with it, report.js takes over. The data
 * is two <script> elements that are not run: a JSON object (json.c lets no '<' through), and the trials as base64 (pack.h).
 * All that is fixed is ASCII: a browser then keeps megabytes of text in half the memory. */
#include "reports/assets.h"
#include "reports/escape.h"
#include "reports/figure.h"
#include "reports/json.h"
#include "reports/pack.h"
#include "core/text.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* What a page holds at most; beyond it, it says so. The front is always whole. */
static const pack_limits limits = {.trials = 110000, .block_bytes = 3 << 20, .curve_points = 60000};

static void put_head(const report *r, buffer *out)
{
    buffer_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"generator\" content=\"Ashlar\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                     "script-src 'unsafe-inline' 'unsafe-eval'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
                     "<link rel=\"icon\" href=\"data:,\">\n<title>");
    escape_xml(out, r->run->name ? r->run->name : "run");
    buffer_puts(out, " - Ashlar report</title>\n<style>\n");
    buffer_puts(out, asset_css);
    /* before anything is drawn, so that nothing flashes */
    buffer_puts(out, "</style>\n<script>document.documentElement.classList.add('js'); if (matchMedia('(prefers-color-scheme: dark)').matches) "
                     "document.documentElement.dataset.theme = 'dark';</script>\n</head>\n<body>\n");
}

static void put_cell(const report *r, size_t row, size_t k, buffer *out)
{
    double v = r->values[row * r->n_metrics + k];
    char text[32];
    buffer_puts(out, "<td class=\"n\">");
    if (!isnan(v)) {
        double scale = r->metrics[k].percent ? 100 : 1;
        buffer_puts(out, text_of_real(text, escape_rounded(v * scale, 6)));
    }
    buffer_puts(out, "</td>");
}

/* The front as a table, for readers without JavaScript. */
static void put_table(const report *r, arena *a, buffer *out)
{
    buffer_puts(out, "<div class=\"scroll\"><table><thead><tr><th>trial</th>");
    for (size_t k = 0; k < r->n_metrics; k++) {
        buffer_puts(out, "<th class=\"n\">");
        escape_xml(out, report_axis_label(&r->metrics[k], a));
        buffer_puts(out, "</th>");
    }
    buffer_puts(out, "<th>genome</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < r->n_front; i++) {
        const trial *t = r->trials[r->front[i]];
        buffer_printf(out, "<tr><td>%" PRIu64 "</td>", t->id);
        for (size_t k = 0; k < r->n_metrics; k++)
            put_cell(r, r->front[i], k, out);
        buffer_puts(out, "<td class=\"genome\">");
        escape_xml(out, t->genome);
        buffer_puts(out, "</td></tr>\n");
    }
    buffer_puts(out, "</tbody></table></div>\n");
}

static ash_status put_data(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    buffer packed = {0};
    buffer_puts(out, "<script type=\"application/json\" id=\"data\">");
    json_write_head(r, a, out);
    buffer_puts(out, "\"view\":{\"x\":");
    escape_json(out, view->x < 0 ? NULL : r->metrics[view->x].name);
    buffer_puts(out, ",\"y\":");
    escape_json(out, view->y < 0 ? NULL : r->metrics[view->y].name);
    buffer_puts(out, "},\n\"runs\":");
    ash_status s = json_write_runs(view->runs, r, a, out, err);
    buffer_puts(out, ",\n\"packed\":");
    if (s == ASH_OK)
        s = pack_trials(r, &limits, a, out, &packed, err);
    buffer_puts(out, "}</script>\n<script type=\"text/plain\" id=\"packed\">");
    buffer_add(out, packed.data, packed.len);
    buffer_puts(out, "</script>\n");
    buffer_free(&packed);
    return s;
}

static void put_script(buffer *out, const char *code)
{
    buffer_puts(out, "<script>\n");
    buffer_puts(out, code);
    buffer_puts(out, "</script>\n");
}

/* What draws the line charts. It is large: deflated, and not run by itself; report.js does so when the rest of the page is there. */
static ash_status put_library(const report_view *view, buffer *out, ash_error *err)
{
    buffer code = {0};
    bool library = *asset_library && !view->plain;
    buffer_puts(&code, library ? asset_library : "");
    buffer_puts(&code, library ? asset_charts_vega : asset_charts_svg);
    buffer_puts(out, "<script type=\"text/plain\" id=\"library\">");
    ash_status s = code.failed ? ash_fail_memory(err) : pack_bytes(code.data, code.len, out, err);
    buffer_puts(out, "</script>\n");
    buffer_free(&code);
    return s;
}

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    put_head(r, out);
    const char *mark = strstr(asset_body, "<!--figure-->");
    buffer_add(out, asset_body, (size_t)(mark - asset_body));
    buffer_puts(out, "<noscript id=\"static\">\n<h2>The front</h2>\n");
    if (view->x >= 0 && r->n_front) {
        ash_status s = figure_front(r, view->x, view->y, false, a, out, err);
        if (s != ASH_OK)
            return s;
    }
    put_table(r, a, out);
    buffer_puts(out, "</noscript>\n");
    buffer_puts(out, mark);
    ash_status s = put_data(r, view, a, out, err);
    if (s != ASH_OK)
        return s;
    if ((s = put_library(view, out, err)) != ASH_OK)
        return s;
#define WEB(name) put_script(out, asset_##name);
#include "reports/web.def"
#undef WEB
    buffer_puts(out, "</body>\n</html>\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_html = {"html", "html", "one page that opens offline, with everything", write, REPORT_TRIALS};
