/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_train.c - one architecture, trained on a data set, as a search would train it */
#include "cli/command.h"
#include "cli/source.h"
#include "cli/table.h"
#include "config/config.h"
#include "core/cores.h"
#include "core/log.h"
#include "data/data.h"
#include "evaluator/cost/cost.h"
#include "evaluator/key.h"
#include "evaluator/quality/quality.h"
#include "nn/train.h"
#include "space/space.h"
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { KEY_SET = 256, KEY_SEED, KEY_DATA, KEY_FIT, KEY_QUANTIZE };

typedef struct train_arguments {
    const char *arch, *data, *config, *quantize;
    bool fit;
    int threads;
    override_list overrides;
    output_format format;
} train_arguments;

typedef struct trainee { /* everything that one training needs */
    runfile *file;
    data_set *data;
    nn_graph *graph;
    const char *level;
    hash256 key;
    curve_point *curve;
    size_t n_curve;
    output_format format;
    double start_s;
} trainee;

static const struct argp_option options[] = {
    {"data", KEY_DATA, "DATA", 0, "a run file, its data section alone, a CSV file, a folder of IDX files, or digits (the default)", 0},
    {"config", 'c', "RUNFILE", 0, "take the recipe (section train) from here; default: from DATA when it is a run file", 0},
    {"fit", KEY_FIT, NULL, 0, "give the network the data's sample shape in place of the file's", 0},
    {"quantize", KEY_QUANTIZE, "SETTINGS", 0, CLI_QUANTIZE_HELP, 0},
    {"seed", KEY_SEED, "N", 0, "seed of the training", 0},
    {"threads", 't', "N", 0, "cores to train on, where the network is large enough; default: all. Never changes a result", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "override a setting: --set train.epochs=5. May be repeated", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    train_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &a->format; break;
    case KEY_DATA: a->data = arg; break;
    case 'c': a->config = arg; break;
    case KEY_FIT: a->fit = true; break;
    case KEY_QUANTIZE: a->quantize = arg; break;
    case KEY_SEED:
        overrides_add(&a->overrides, "seed=%lld", cli_integer(state, "--seed", arg, 0, INT64_C(1) << 53));
        break;
    case KEY_SET: overrides_add(&a->overrides, "%s", arg); break;
    case 't': a->threads = (int)cli_integer(state, "--threads", arg, 1, 4096); break;
    case ARGP_KEY_ARG:
        if (a->arch)
            cli_usage(state, "one architecture at a time: \"%s\" is too many", arg);
        a->arch = arg;
        break;
    case ARGP_KEY_END:
        if (!a->arch)
            cli_usage(state, "which architecture? ashlar train ARCH; examples/architectures has some");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "ARCH",
    .doc = "Train the network of an architecture file on a data set, and print its learning curve and its test error.\v"
           "Examples:\n"
           "  ashlar train examples/architectures/lenet5-28.yaml --data examples/fashion-mnist-train.yaml\n"
           "  ashlar train net.yaml --data iris.csv --set train.epochs=100 --set train.lr=0.01\n",
    .children = children,
};

/* ---- opening ---- */

static ash_status check_shapes(const trainee *t, const node *root, ash_error *err)
{
    const data_set *d = t->data;
    nn_shape in = t->graph->nodes[0].shape, out = t->graph->nodes[t->graph->output].shape;
    const node *input = node_get(root, "input"), *layers = node_get(root, "layers");
    if (in.h != d->h || in.w != d->w || in.c != d->c)
        return node_fail(input ? input : root, err, "the network takes %d x %d x %d, but a sample of %s is %d x %d x %d; --fit takes the latter", in.h,
                         in.w, in.c, d->name, d->h, d->w, d->c);
    if (out.h * out.w * out.c != d->n_outputs)
        return node_fail(layers ? layers : root, err, "the network has %d outputs, but %s has %d %s",
                         out.h * out.w * out.c, d->name, d->n_outputs,
                         d->task == DATA_CLASSIFICATION ? "classes" : d->task == DATA_REGRESSION ? "targets" : "values to reproduce");
    return ASH_OK;
}

/* The canonical form is what a search trains: the same network has the same result here and there. */
static ash_status open_network(const train_arguments *args, trainee *t, ash_error *err)
{
    node *root, *quantize;
    nn_graph *read;
    hash256 hash;
    arena *a = t->file->arena;
    if (cli_quantize(args->quantize, a, &quantize, err) != ASH_OK || config_read_file(args->arch, a, &root, err) != ASH_OK)
        return err->status;
    const node *input = node_get(root, "input");
    const int shape[] = {t->data->h, t->data->w, t->data->c};
    node *side = args->fit && input && input->count == 3 ? input->first : NULL;
    for (int i = 0; side && i < 3; i++, side = side->next)
        if (!(side->text = arena_printf(a, "%d", shape[i])))
            return ash_fail_memory(err);
    if (nn_read(root, quantize, a, &t->graph, err) != ASH_OK ||
        check_shapes(t, root, err) != ASH_OK)
        return err->status;
    read = t->graph;
    if (space_canonical(read, a, &t->graph, &hash, err) != ASH_OK)
        return err->status;
    evaluator_context context = {.data = t->data,
                                 .recipe = &t->file->recipe,
                                 .kernel_level = t->level,
                                 .training_seed = (uint64_t)t->file->top.seed};
    t->key = training_key(&context, &hash, 0);
    t->curve = ARENA_NEW(a, curve_point, (size_t)t->file->recipe.epochs);
    return t->curve ? ASH_OK : ash_fail_memory(err);
}

/* ---- training ---- */

static double shown_error(const data_set *d, double error)
{
    return d->task == DATA_CLASSIFICATION ? 100 * error : error;
}

static bool print_epoch(void *ctx, const curve_point *p)
{
    const trainee *t = ctx;
    if (t->format == FORMAT_TABLE) {
        printf("%5u  %10.4f  %15.4f  %16.*f\n", p->epoch, p->train_loss, p->val_loss,
               t->data->task == DATA_CLASSIFICATION ? 2 : 4, shown_error(t->data, p->val_error));
        fflush(stdout);
    }
    progress_update((double)p->epoch / (double)t->file->recipe.epochs, "epoch %u", p->epoch);
    return true;
}

static void print_curve(const trainee *t, double test_error)
{
    table *out = table_create();
    static const char *const names[] = {"epoch", "train_loss", "val_loss", "val_error", "test_error"};
    for (size_t k = 0; k < 5; k++)
        table_column(out, names[k], TABLE_RIGHT);
    for (size_t i = 0; i < t->n_curve; i++) {
        table_row(out);
        table_integer(out, t->curve[i].epoch);
        table_number(out, t->curve[i].train_loss, "%g");
        table_number(out, t->curve[i].val_loss, "%g");
        table_number(out, t->curve[i].val_error, "%g");
        table_number(out, i + 1 == t->n_curve ? test_error : NAN, "%g");
    }
    table_print(out, t->format, stdout);
    table_destroy(out);
}

static ash_status print_result(const trainee *t, double test_error, ash_error *err)
{
    const data_set *d = t->data;
    char duration[32];
    metric *m;
    size_t n;
    if (t->format != FORMAT_TABLE) {
        print_curve(t, test_error);
        return ASH_OK;
    }
    if (cost_metrics(t->graph, t->file->arena, &m, &n, err) != ASH_OK)
        return err->status;
    const trial costs = {.metrics = m, .n_metrics = n};
    bool percent = d->task == DATA_CLASSIFICATION;
    putchar('\n');
    if (d->test.n && percent)
        printf("test error: %.2f %% (%zu samples)\n", shown_error(d, test_error), d->test.n);
    else if (d->test.n)
        printf("test error: %.4f (RMSE of the %s, %zu samples)\n", test_error,
               d->task == DATA_REGRESSION ? "standardised target" : "normalised input", d->test.n - d->test.n_anomalies);
    printf("%.0f MACs, %.0f parameters, %.0f bytes; trained in %s at kernel level %s\n", trial_metric(&costs, "macs"),
           trial_metric(&costs, "params"), trial_metric(&costs, "model_bytes"),
           text_of_duration(duration, clock_wall_s() - t->start_s), t->level);
    return ASH_OK;
}

static ash_status train(trainee *t, nn_net *net, ash_error *err)
{
    const data_set *d = t->data;
    nn_dataset train_view, val = quality_view(d, &d->val), test = quality_view(d, &d->test);
    if (quality_training_view(d, &t->file->recipe, t->file->arena, &train_view, err) != ASH_OK)
        return err->status;
    uint64_t seed = hash_to_u64(&t->key);
    if (t->format == FORMAT_TABLE)
        printf("%5s  %10s  %15s  %16s\n", "epoch", "train loss", "validation loss",
               d->task == DATA_CLASSIFICATION ? "val. error (%)" : "val. RMSE");
    fflush(stdout);
    t->start_s = clock_wall_s();
    nn_net_init(net, seed);
    progress_begin("training");
    nn_outcome outcome = nn_train(net, &train_view, &val, seed, t->curve, &t->n_curve, print_epoch, t);
    progress_end();
    if (outcome == NN_DIVERGED)
        return ash_fail(err, ASH_INVALID, "the training diverged: its loss is not finite; a lower train.lr may help");
    if (nn_deploy(net, err) != ASH_OK)
        return err->status;
    return print_result(t, d->test.n ? nn_evaluate(net, &test).error : NAN, err);
}

int cmd_train(int argc, char **argv)
{
    train_arguments args = {0};
    trainee t = {0};
    ash_error err;
    cli_parse(&argp, argc, argv, &args);
    cores_add((args.threads ? args.threads : omp_get_num_procs()) - 1);
    t.format = args.format;
    const char *name = args.data ? args.data : args.config ? NULL : "digits";
    ash_status status = source_open(&name, name != NULL, args.config, &args.overrides, &t.file, &err);
    if (status == ASH_OK)
        status = runfile_kernel_level(t.file, &t.level, &err);
    if (status == ASH_OK)
        status = data_open(t.file->data, &t.data, &err);
    if (status == ASH_OK)
        status = open_network(&args, &t, &err);
    nn_net *net = NULL;
    if (status == ASH_OK)
        status = nn_net_create(t.graph, &t.file->recipe, t.level, 0, &net, &err);
    if (status == ASH_OK)
        status = train(&t, net, &err);
    if (net)
        nn_net_destroy(net);
    data_close(t.data);
    runfile_close(t.file);
    overrides_free(&args.overrides);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
