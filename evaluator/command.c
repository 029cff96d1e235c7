/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c - the evaluator that asks a program: one trial as JSON on its standard input, objectives as JSON on its standard output
 *
 *     input: [28, 28, 1]            # where no data section says it
 *     outputs: 10
 *     evaluator:
 *       type: command
 *       command: [python3, score.py]
 *       metrics: [error, latency_s] # what it measures; static costs are computed here and added
 *       timeout_s: 600
 *       settings: {epochs: 5}       # passed on as they are
 *
 * The program is started once per trial, in the run file's folder, by several threads at once. Whatever it does (fails, hangs, floods,
 * answers nonsense) is a trial with a status and a reason. docs/external-evaluator.md describes both documents. */
#include "evaluator/command.h"
#include "core/log.h"
#include "evaluator/cost/cost.h"
#include "evaluator/network.h"
#include "evaluator/process.h"
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_OUTPUT = 4 << 20, REASON_LINES = 3, REASON_BYTES = 500 };

static const char *const key_names[] = {"network", "genome", NULL};

static const option rows[] = {
    {"command", OPTION_TEXT_LIST, offsetof(command_options, command), NULL,
     .help = "program and arguments, started in the run file's folder, like [python3, score.py]"},
    {"metrics", OPTION_TEXT_LIST, offsetof(command_options, metrics), "error",
     .help = "what the program measures, beside the static costs; all must be in its answer"},
    {"key", OPTION_NAME, offsetof(command_options, key), "network", .names = key_names,
     .help = "what a result belongs to: genomes that mean one network share a result, or each genome has its own"},
    {"settings", OPTION_NODE, offsetof(command_options, settings), .optional = true,
     .help = "anything, passed on to the program"},
    {"files", OPTION_TEXT_LIST, offsetof(command_options, files), "[]", .execution = true,
     .help = "files that the result depends on, beside those that the command names"},
    {"max_bytes", OPTION_SIZE, offsetof(command_options, max_bytes), "0", 0, 1e15, .unit = "B",
     .help = "cap on the address space of the program, 0 for none; over it the trial is capped"},
    {"timeout_s", OPTION_REAL, offsetof(command_options, timeout_s), "0", 0, 1e9, .unit = "s", .execution = true,
     .help = "wall-clock safety net for one trial, 0 for none; trials that it ends are counted by digest"},
};
static const option_table command_option_table = OPTION_TABLE("evaluator", command_options, rows);
static const char *const not_ours[] = {"type", NULL};

typedef struct command_state {
    arena *arena;
    command_options options;
    const evaluator_context *context;
    const char *folder; /* absolute */
    char **argv;        /* argv[0] is a path */
    const char *settings; /* their text, for the key */
    const char **measures; /* the metrics, NULL-terminated */
    hash256 files;
    atomic_bool warned;
} command_state;

/* ---- opening: what can be wrong with the settings is found here ---- */

static void command_destroy(void *state)
{
    command_state *s = state;
    if (s)
        arena_destroy(s->arena);
    free(s);
}

static ash_status find_folder(command_state *s, const node *map, ash_error *err)
{
    char real[PATH_MAX];
    const char *slash = map && map->file ? strrchr(map->file, '/') : NULL;
    const char *folder = !slash ? "." : slash == map->file ? "/" : arena_strndup(s->arena, map->file, (size_t)(slash - map->file));
    if (!folder)
        return ash_fail_memory(err);
    if (!realpath(folder, real))
        return ash_fail(err, ASH_BROKEN, "cannot find the run file's folder, %s", folder);
    s->folder = arena_strdup(s->arena, real);
    return s->folder ? ASH_OK : ash_fail_memory(err);
}

static const char *in_folder(const command_state *s, const char *name)
{
    return *name == '/' ? arena_strdup(s->arena, name) : arena_printf(s->arena, "%s/%s", s->folder, name);
}

static bool is_file(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The i-th word of the command, for messages. */
static const node *word_node(const node *map, size_t i)
{
    const node *n = node_get(map, "command");
    return n && n->kind == NODE_LIST ? node_at(n, i) : n;
}

static char *search_path(const command_state *s, const char *name)
{
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        char *file = arena_printf(s->arena, "%.*s/%s", n ? (int)n : 1, n ? p : ".", name);
        if (is_file(file) && access(file, X_OK) == 0)
            return file;
        p += n + (p[n] == ':');
    }
    return NULL;
}

/* Interpreters start well without the script that they are given, and then fail at every trial. */
static bool runs_scripts(const char *program)
{
    static const char *const names[] = {"python", "python3", "sh", "bash", "dash", "node", "perl", "ruby", "Rscript", "julia", "lua"};
    const char *base = strrchr(program, '/');
    base = base ? base + 1 : program;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], base) == 0)
            return true;
    return false;
}

static ash_status find_program(command_state *s, const node *map, ash_error *err)
{
    option_texts words = s->options.command;
    if (words.n == 0 || !*words.v[0])
        return node_fail(word_node(map, 0), err, "which program scores a trial? command: [python3, score.py]");
    s->argv = ARENA_NEW(s->arena, char *, words.n + 1);
    const char *name = words.v[0], *beside = in_folder(s, name);
    if (!s->argv || !beside)
        return ash_fail_memory(err);
    for (size_t i = 0; i < words.n; i++)
        if (!(s->argv[i] = arena_strdup(s->arena, words.v[i])))
            return ash_fail_memory(err);
    if (strchr(name, '/')) {
        if (!is_file(beside))
            return node_fail(word_node(map, 0), err, "there is no program %s", beside);
        if (access(beside, X_OK) != 0)
            return node_fail(word_node(map, 0), err, "%s is not executable: chmod +x it, or name its interpreter, like [python3, %s]",
                             beside, name);
        s->argv[0] = (char *)beside;
    } else if (!(s->argv[0] = search_path(s, name))) {
        return is_file(beside) ? node_fail(word_node(map, 0), err, "programs of the run file's folder are written ./%s", name)
                               : node_fail(word_node(map, 0), err, "there is no program \"%s\" in the PATH", name);
    }
    if (words.n > 1 && runs_scripts(name) && words.v[1][0] != '-' && !is_file(in_folder(s, words.v[1])))
        return node_fail(word_node(map, 1), err, "there is no %s in %s", words.v[1], s->folder);
    return ASH_OK;
}

static ash_status hash_file(command_state *s, hasher *h, const char *name, ash_error *err)
{
    char chunk[65536];
    const char *path = in_folder(s, name);
    FILE *f = path ? fopen(path, "rbe") : NULL;
    if (!f)
        return ash_fail(err, ASH_INVALID, "evaluator: cannot read %s", path ? path : name);
    hasher content;
    hash_init(&content);
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        hash_bytes(&content, chunk, n);
    bool failed = ferror(f);
    fclose(f);
    if (failed)
        return ash_fail(err, ASH_BROKEN, "evaluator: cannot read %s", path);
    hash256 sum = hash_final(&content);
    hash_key(h, &sum);
    return ASH_OK;
}

/* The words that are files are taken for what the result depends on: scripts, not interpreters found in the PATH. */
static ash_status hash_files(command_state *s, ash_error *err)
{
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar command files 1");
    for (size_t i = 0; i < s->options.command.n; i++) {
        const char *word = s->options.command.v[i];
        if ((i || strchr(word, '/')) && is_file(in_folder(s, word)) && hash_file(s, &h, word, err) != ASH_OK)
            return err->status;
    }
    for (size_t i = 0; i < s->options.files.n; i++)
        if (hash_file(s, &h, s->options.files.v[i], err) != ASH_OK)
            return err->status;
    s->files = hash_final(&h);
    return ASH_OK;
}

/* The static costs, but for `integer`: on what the program computes only it can say, by a metric of that name. */
static ash_status costs_of(const nn_graph *g, trial *t, arena *a, ash_error *err)
{
    if (network_costs(g, t, a, err) != ASH_OK)
        return err->status;
    metric *kept = arena_alloc_array(a, t->n_metrics, sizeof(*kept));
    if (!kept)
        return ash_fail_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < t->n_metrics; i++)
        if (strcmp(t->metrics[i].name, "integer") != 0)
            kept[n++] = t->metrics[i];
    t->metrics = kept;
    t->n_metrics = n;
    return ASH_OK;
}

/* Names that the database and the reports can hold, each once, none that is computed here: tried on a network of one neuron. */
static ash_status check_metrics(command_state *s, const node *map, ash_error *err)
{
    const node *list = node_get(map, "metrics");
    nn_graph *g = nn_graph_create(s->arena, (nn_shape){1, 1, 1});
    trial one = {0};
    s->measures = ARENA_NEW(s->arena, const char *, s->options.metrics.n + 1);
    if (!g || !s->measures)
        return ash_fail_memory(err);
    if (nn_add1(g, err, 0, "dense", "out=1") < 0 || costs_of(g, &one, s->arena, err) != ASH_OK)
        return err->status;
    for (size_t i = 0; i < s->options.metrics.n; i++) {
        const char *name = s->options.metrics.v[i];
        const node *at = list && list->kind == NODE_LIST ? node_at(list, i) : list;
        if (!*name || strlen(name) > 63 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(name))
            return node_fail(at, err, "a metric's name is of letters, digits and _, not \"%s\"", name);
        for (size_t k = 0; k < one.n_metrics; k++)
            if (strcmp(name, one.metrics[k].name) == 0)
                return node_fail(at, err, "\"%s\" is computed from the network; give the program's figure another name", name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, s->options.metrics.v[k]) == 0)
                return node_fail(at, err, "\"%s\" is listed twice", name);
        s->measures[i] = name;
    }
    return ASH_OK;
}

static ash_status command_create(const node *map, const evaluator_context *context, void **state, ash_error *err)
{
    command_state *s = calloc(1, sizeof(*s));
    if (!s || !(s->arena = arena_create())) {
        command_destroy(s);
        return ash_fail_memory(err);
    }
    s->context = context;
    if (option_read_except(&command_option_table, &s->options, map, not_ours, s->arena, err) != ASH_OK ||
        find_folder(s, map, err) != ASH_OK || find_program(s, map, err) != ASH_OK || hash_files(s, err) != ASH_OK ||
        check_metrics(s, map, err) != ASH_OK) {
        command_destroy(s);
        return err->status;
    }
    s->settings = s->options.settings ? node_print(s->arena, s->options.settings) : "";
    if (!s->settings) {
        command_destroy(s);
        return ash_fail_memory(err);
    }
    *state = s;
    return ASH_OK;
}

static hash256 command_content(const void *state)
{
    return ((const command_state *)state)->files;
}

static const char *const *command_measures(const void *state)
{
    return ((const command_state *)state)->measures;
}

/* ---- costs and key ---- */

/* Everything that a result depends on, as far as it can be known. Zero: out of memory. */
static hash256 result_key(const command_state *s, const hash256 *network, const char *genome_text)
{
    const evaluator_context *context = s->context;
    buffer recipe = {0};
    option_print(&nn_recipe_options, context->recipe, true, &recipe);
    if (recipe.failed) {
        buffer_free(&recipe);
        return (hash256){{0}};
    }
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar command 1");
    hash_key(&h, network);
    hash_text(&h, strcmp(s->options.key, "genome") == 0 ? genome_text : NULL);
    hash_u64(&h, s->options.command.n);
    for (size_t i = 0; i < s->options.command.n; i++)
        hash_text(&h, s->options.command.v[i]);
    hash_key(&h, &s->files);
    hash_text(&h, s->settings);
    hash_u64(&h, s->options.metrics.n);
    for (size_t i = 0; i < s->options.metrics.n; i++)
        hash_text(&h, s->options.metrics.v[i]);
    hash_text(&h, recipe.data);
    hash_u64(&h, context->training_seed);
    hash_u64(&h, context->data != NULL);
    if (context->data)
        hash_key(&h, &context->data->hash);
    buffer_free(&recipe);
    return hash_final(&h);
}

static ash_status command_cost(void *state, const genome *g, trial *t, arena *a, ash_error *err)
{
    const command_state *s = state;
    nn_graph *graph;
    hash256 hash;
    t->virtual_duration = 1;
    ash_status status = network_decode(s->context->space, g, a, &graph, &hash, err);
    if (status == ASH_INVALID)
        return network_reject(t, TRIAL_INVALID, err->text, a, err);
    if (status != ASH_OK)
        return status;
    const char *text = t->genome ? t->genome : space_print(s->context->space, g, a);
    if (!text)
        return ash_fail_memory(err);
    t->key = result_key(s, &hash, text);
    if (hash_is_zero(&t->key) || costs_of(graph, t, a, err) != ASH_OK)
        return ash_fail_memory(err);
    /* as for a training on a thousand samples; how long the program really takes is not known and does not matter */
    t->virtual_duration = 1 + 3 * (uint64_t)s->context->recipe->epochs * ((uint64_t)nn_macs(graph) + 5000);
    t->status = TRIAL_PENDING;
    return ASH_OK;
}

/* ---- one trial ---- */

/* The last lines of what it said on standard error, on one line. */
static const char *last_words(const buffer *tail, arena *a)
{
    char text[3 * REASON_BYTES + 1];
    size_t end = tail->len, start = end, lines = 0;
    while (end && (unsigned char)tail->data[end - 1] <= ' ')
        end--;
    for (start = end; start && end - start < REASON_BYTES; start--)
        if (tail->data[start - 1] == '\n' && ++lines == REASON_LINES)
            break;
    size_t n = 0;
    for (size_t i = start; i < end; i++) {
        char c = tail->data[i];
        if (c == '\n' && n) {
            memcpy(text + n, " | ", 3);
            n += 3;
        } else if ((unsigned char)c > ' ' && c != 127) {
            text[n++] = c;
        } else if (n && text[n - 1] != ' ') { /* blanks run together */
            text[n++] = ' ';
        }
    }
    text[n] = '\0';
    if (!command_is_utf8(text))
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)text[i] >= 128)
                text[i] = '?';
    return n ? arena_printf(a, ": %s", text) : "";
}

/* Programs report an allocation that failed in their own ways. */
static bool ran_out_of_memory(const buffer *tail)
{
    static const char *const words[] = {"MemoryError", "bad_alloc", "annot allocate memory", "ut of memory", "an't allocate memory", "ot enough memory"};
    for (size_t i = 0; tail->data && i < sizeof(words) / sizeof(words[0]); i++)
        if (memmem(tail->data, tail->len, words[i], strlen(words[i])))
            return true;
    return false;
}

static ash_status judge(command_state *s, const process_result *r, trial *t, arena *a, ash_error *err)
{
    trial_status status = TRIAL_FAILED;
    const char *reason = NULL;
    const char *words = last_words(&r->tail, a);
    if (!words)
        return ash_fail_memory(err);
    switch (r->end) {
    case PROCESS_STOPPED: return ASH_OK; /* abandoned: still pending */
    case PROCESS_TIMED_OUT:
        status = TRIAL_TIMEOUT;
        reason = arena_printf(a, "over the wall-clock cap of %g s%s", s->options.timeout_s, words);
        break;
    case PROCESS_TOO_WORDY: reason = arena_printf(a, "more than %d MiB on standard output", MOST_OUTPUT >> 20); break;
    case PROCESS_KILLED: reason = arena_printf(a, "killed by SIG%s%s", sigabbrev_np(r->code) ? sigabbrev_np(r->code) : "?", words); break;
    case PROCESS_EXITED:
        if (r->code == 0)
            return command_read_answer(&s->options, &r->out, t, a, err);
        reason = arena_printf(a, "exit status %d%s", r->code, words);
    }
    if (status == TRIAL_FAILED && r->end != PROCESS_TOO_WORDY && s->options.max_bytes && ran_out_of_memory(&r->tail)) {
        status = TRIAL_CAPPED;
        reason = arena_printf(a, "over the cap of %lld bytes%s", (long long)s->options.max_bytes, words);
    }
    return reason ? network_reject(t, status, reason, a, err) : ash_fail_memory(err);
}

static ash_status command_evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err)
{
    command_state *s = state;
    buffer input = {0};
    process_result result;
    process_limits limits = {s->options.timeout_s, s->options.max_bytes, MOST_OUTPUT, stop, stop_ctx};
    double start_s = clock_wall_s();
    ash_status status = command_write_trial(&s->options, s->context, s->folder, t, a, &input, err);
    if (status == ASH_OK && (status = process_run(s->argv, s->folder, input.data, input.len, &limits, &result, err)) == ASH_OK) {
        status = judge(s, &result, t, a, err);
        process_result_free(&result);
    }
    buffer_free(&input);
    t->wall_s = clock_wall_s() - start_s;
    bool bad = status == ASH_OK && t->status != TRIAL_OK && t->status != TRIAL_PENDING;
    if (bad && !atomic_exchange(&s->warned, true))
        log_warn("trial %llu, %s: %s (the others that end so are recorded without a word)", (unsigned long long)t->id,
                 trial_status_name(t->status), t->reason);
    return status;
}

const evaluator_type evaluator_command = {
    .name = "command",
    .help = "ask a program of your own, which trains or measures: JSON in, JSON out",
    .options = &command_option_table,
    .takes_data = true,
    .create = command_create,
    .destroy = command_destroy,
    .content = command_content,
    .measures = command_measures,
    .cost = command_cost,
    .evaluate = command_evaluate,
};
