/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_command.c - programs that score trials: what is asked, what is understood, and that no misbehaviour is more than a trial's status */
#include "unit.h"

#include "core/log.h"
#include "evaluator/evaluator.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_3X3 "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
/* two genomes of one network: a convolution that nothing reads is there or not */
#define SKIP_A "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
#define SKIP_B "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
#define GOOD "{\"status\":\"ok\",\"metrics\":{\"error\":0.25}}"

static char folder[] = "/tmp/ashlar-command-XXXXXX";
static arena *a;
static space *cells;
static nn_recipe recipe;
static evaluator_context context = {.recipe = &recipe, .kernel_level = "x86-64", .training_seed = 1};
static const evaluator_type *command;

static const char *in_folder(const char *name) { return arena_printf(a, "%s/%s", folder, name); }

static void write_file(const char *name, const char *text, int mode)
{
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in_folder(name), (mode_t)mode), 0);
}

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static int begin(void **state)
{
    (void)state;
    ash_error err;
    node *map;
    a = arena_create();
    command = evaluator_find("command");
    log_set_level(LOG_QUIET);
    signal(SIGPIPE, SIG_IGN); /* as in the program */
    if (!mkdtemp(folder) || !a || !command || node_parse_inline(a, "cell=nasbench201", "run.yaml", &map, &err) != ASH_OK ||
        space_read(map, (nn_shape){32, 32, 3}, 10, &cells, &err) != ASH_OK ||
        option_read(&nn_recipe_options, &recipe, NULL, a, &err) != ASH_OK)
        return -1;
    context.space = cells;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    space_destroy(cells);
    arena_destroy(a);
    char remove[64];
    snprintf(remove, sizeof(remove), "rm -rf %s", folder);
    return system(remove);
}

/* The evaluator section, as in a run file of the folder. */
static ash_status open_command(const char *settings, void **state, ash_error *err)
{
    node *map;
    assert_int_equal(node_parse_inline(a, settings, in_folder("run.yaml"), &map, err), ASH_OK);
    map->file = in_folder("run.yaml");
    *state = NULL;
    return command->create(map, &context, state, err);
}

static void *opened(const char *settings)
{
    ash_error err;
    void *state;
    if (open_command(settings, &state, &err) != ASH_OK)
        fail_msg("%s: %s", settings, err.text);
    return state;
}

static trial ask(void *state, const char *genome_text)
{
    trial t = {.id = 7, .genome = genome_text};
    ash_error err;
    genome *g = genome_create(cells, a);
    assert_int_equal(space_parse(cells, genome_text, g, &err), ASH_OK);
    if (command->cost(state, g, &t, a, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_int_equal(t.status, TRIAL_PENDING);
    return t;
}

static trial evaluate(void *state, bool (*stop)(void *))
{
    ash_error err;
    trial t = ask(state, ALL_3X3);
    if (command->evaluate(state, &t, a, stop, NULL, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return t;
}

/* One trial of a shell script with this body. */
static trial act(const char *body, const char *settings)
{
    write_file("act.sh", body, 0644);
    void *state = opened(arena_printf(a, "command=[sh, act.sh]%s", settings));
    trial t = evaluate(state, NULL), *copy = trial_copy(a, &t); /* its names are the evaluator's */
    assert_non_null(copy);
    command->destroy(state);
    return *copy;
}

static void test_misbehaviour(void **state)
{
    (void)state;
    static const struct {
        const char *body, *settings;
        trial_status status;
        const char *reason; /* a part of it; NULL: none */
    } cases[] = {
        {"cat >/dev/null; echo '" GOOD "'", "", TRIAL_OK, NULL},
        {"echo '" GOOD "'", "", TRIAL_OK, NULL}, /* does not read */
        {"exec <&-; sleep 0.1; echo '" GOOD "'", "", TRIAL_OK, NULL},
        {"echo '{\"metrics\":{\"error\":1e-3},\"curve\":null}'", "", TRIAL_OK, NULL},
        {"head -c 3000000 /dev/zero | tr '\\0' x >&2; echo '" GOOD "'", "", TRIAL_OK, NULL},
        {"sleep 50 & echo '" GOOD "'", "", TRIAL_OK, NULL}, /* a helper holds the pipe: nobody waits for it */
        {"echo one >&2; echo two >&2; echo; exit 3", "", TRIAL_FAILED, "exit status 3: one | two"},
        {"seq 1 100000 >&2; exit 1", "", TRIAL_FAILED, "exit status 1: 99998 | 99999 | 100000"},
        {"printf 'na\\377ve\\033[1m' >&2; exit 1", "", TRIAL_FAILED, "exit status 1: na?ve [1m"},
        {"kill -SEGV $$", "", TRIAL_FAILED, "killed by SIGSEGV"},
        {"echo '" GOOD "'; kill -ABRT $$", "", TRIAL_FAILED, "killed by SIGABRT"},
        {"exec no-such-program-at-all", "", TRIAL_FAILED, "exit status 127"},
        {"true", "", TRIAL_FAILED, "no answer"},
        {"echo hello", "", TRIAL_FAILED, "not JSON: line 1"},
        {"echo epoch 1; echo '" GOOD "'", "", TRIAL_FAILED, "messages belong on standard error"},
        {"printf '{\"status\":\"ok\",\"metrics\":{\"err'", "", TRIAL_FAILED, "not JSON"},
        {"echo '" GOOD GOOD "'", "", TRIAL_FAILED, "not JSON"},
        {"yes", "", TRIAL_FAILED, "more than 4 MiB"},
        {"trap '' TERM; yes", "", TRIAL_FAILED, "more than 4 MiB"},
        {"echo '[1, 2]'", "", TRIAL_FAILED, "not a JSON object"},
        {"echo '{\"metrics\":{\"error\":0.1,\"integer\":1}}'", ", metrics=[error, integer]", TRIAL_OK, NULL},
        {"echo '{}'", "", TRIAL_FAILED, "no object \"metrics\""},
        {"echo '{\"metrics\":{}}'", "", TRIAL_FAILED, "no metric \"error\""},
        {"echo '{\"metrics\":{\"error\":NaN}}'", "", TRIAL_FAILED, "not JSON"},
        {"echo '{\"metrics\":{\"error\":1e999}}'", "", TRIAL_FAILED, "not JSON"},
        {"echo '{\"metrics\":{\"error\":null}}'", "", TRIAL_FAILED, "not a finite number"},
        {"echo '{\"metrics\":{\"error\":\"0.1\"}}'", "", TRIAL_FAILED, "not a finite number"},
        {"echo '{\"metrics\":{\"error\":0.1,\"f1\":0.2}}'", "", TRIAL_FAILED, "\"f1\" that evaluator.metrics does not list"},
        {"echo '{\"metrics\":{\"error\":0.1}}'", ", metrics=[error, joules]", TRIAL_FAILED, "no metric \"joules\""},
        {"echo '{\"metrics\":{\"error\":0.1,\"error\":0.2}}'", "", TRIAL_FAILED, "not JSON"},
        {"echo '{\"status\":\"fine\",\"metrics\":{\"error\":0.1}}'", "", TRIAL_FAILED, "none of ok, diverged"},
        {"echo '{\"status\":\"pending\"}'", "", TRIAL_FAILED, "none of ok, diverged"},
        {"echo '{\"status\":3}'", "", TRIAL_FAILED, "none of ok, diverged"},
        {"echo '{\"status\":\"diverged\",\"reason\":\"loss 1e9\"}'", "", TRIAL_DIVERGED, "loss 1e9"},
        {"echo '{\"status\":\"capped\"}'", "", TRIAL_CAPPED, "gives no reason"},
        {"echo '{\"metrics\":{\"error\":0.1},\"curve\":[{\"epoch\":2},{\"epoch\":2}]}'", "", TRIAL_FAILED, "ascending"},
        {"echo '{\"metrics\":{\"error\":0.1},\"curve\":[1]}'", "", TRIAL_FAILED, "ascending"},
        {"echo '{\"metrics\":{\"error\":0.1},\"curve\":[{\"val_loss\":\"x\"}]}'", "", TRIAL_FAILED, "epoch 1"},
        {"echo '{\"metrics\":{\"error\":0.1},\"trained_macs\":-1}'", "", TRIAL_FAILED, "trained_macs"},
        {"sleep 50", ", timeout_s=0.2", TRIAL_TIMEOUT, "over the wall-clock cap of 0.2 s"},
        {"trap '' TERM; echo slow >&2; sleep 50; sleep 50", ", timeout_s=0.2", TRIAL_TIMEOUT, "slow"},
        {"exec python3 -c 'x = bytearray(10**10)'", ", max_bytes=500M", TRIAL_CAPPED, "over the cap of 524288000 bytes"},
        {"echo '" GOOD "'", ", max_bytes=500M", TRIAL_OK, NULL},
        {"exit 4", ", max_bytes=500M", TRIAL_FAILED, "exit status 4"},
        /* what it inherits: three descriptors (the fourth is of ls itself), no ignored signal, the folder */
        {"ls /proc/self/fd >&2; exit 9", "", TRIAL_FAILED, "exit status 9: 1 | 2 | 3"},
        {"sed -n 's/SigIgn.*\\(.......\\)$/\\1 ignored/p' /proc/self/status >&2; exit 9", "", TRIAL_FAILED, "0000000 ignored"}, /* glibc's own are above */
        {"test -f run.yaml || exit 9; echo '" GOOD "'", "", TRIAL_OK, NULL},
    };
    int before = open_descriptors(), leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
    write_file("run.yaml", "", 0644);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double start_s = clock_wall_s();
        trial t = act(cases[i].body, cases[i].settings);
        if (t.status != cases[i].status || !t.reason != !cases[i].reason || (t.reason && !strstr(t.reason, cases[i].reason)))
            fail_msg("%s: %s, %s", cases[i].body, trial_status_name(t.status), t.reason ? t.reason : "no reason");
        if (clock_wall_s() - start_s > 25)
            fail_msg("%s: took %g s", cases[i].body, clock_wall_s() - start_s);
        if (t.status != TRIAL_OK)
            assert_true(isnan(trial_metric(&t, "error")));
        assert_false(isnan(trial_metric(&t, "macs"))); /* static costs are there whatever happened */
    }
    close(leak);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    assert_int_equal(errno, ECHILD);
}

/* Nothing that the program started is left when the clock ends it, or when it ends by itself. */
static void test_whole_group(void **state)
{
    (void)state;
    const char *const bodies[] = {"sleep 60 & echo $! >pid; wait", "sleep 60 & echo $! >pid; exit 1"};
    for (int i = 0; i < 2; i++) {
        unlink(in_folder("pid"));
        trial t = act(bodies[i], ", timeout_s=2");
        assert_int_equal(t.status, i ? TRIAL_FAILED : TRIAL_TIMEOUT);
        FILE *f = fopen(in_folder("pid"), "r");
        int pid = 0;
        assert_non_null(f);
        assert_int_equal(fscanf(f, "%d", &pid), 1);
        fclose(f);
        char state_of = 'X';
        for (int tries = 0; tries < 100 && state_of != 'Z'; tries++) { /* init may take its time to reap it */
            f = fopen(arena_printf(a, "/proc/%d/stat", pid), "r");
            if (!f)
                break;
            assert_int_equal(fscanf(f, "%*d %*s %c", &state_of), 1);
            fclose(f);
            usleep(50000);
        }
        assert_true(!f || state_of == 'Z');
    }
}

static bool at_once(void *ctx) { return ctx == NULL; }

static void test_abandon(void **state)
{
    (void)state;
    write_file("act.sh", "sleep 50", 0644);
    void *s = opened("command=[sh, act.sh]");
    double start_s = clock_wall_s();
    trial t = evaluate(s, at_once);
    assert_int_equal(t.status, TRIAL_PENDING);
    assert_true(clock_wall_s() - start_s < 20);
    command->destroy(s);
}

static void test_documents(void **state)
{
    (void)state;
    write_file("act.sh", "cat >trial.json; echo '{\"status\":\"ok\",\"metrics\":{\"error\":0.5,\"latency_s\":0.01},\"trained_macs\":12,"
                         "\"curve\":[{\"val_error\":0.75,\"val_loss\":2},{\"epoch\":5,\"val_error\":0.5}]}'", 0644);
    void *s = opened("command=[sh, act.sh], metrics=[error, latency_s]");
    assert_string_equal(command->measures(s)[1], "latency_s");
    assert_null(command->measures(s)[2]);
    trial asked = ask(s, ALL_3X3), t = evaluate(s, NULL);
    assert_int_equal(t.status, TRIAL_OK);
    assert_true(trial_metric(&t, "error") == 0.5 && trial_metric(&t, "latency_s") == 0.01);
    assert_true(trial_metric(&t, "macs") == trial_metric(&asked, "macs"));
    assert_true(isnan(trial_metric(&t, "integer"))); /* nobody knows on what it computes */
    assert_int_equal(t.n_metrics, asked.n_metrics + 2);
    assert_int_equal(t.trained_macs, 12);
    assert_int_equal(t.n_curve, 2);
    assert_true(t.curve[0].epoch == 1 && t.curve[1].epoch == 5 && t.curve[1].val_error == 0.5 && isnan(t.curve[1].val_loss));
    command->destroy(s);

    json_error_t where;
    json_t *d = json_load_file(in_folder("trial.json"), 0, &where), *layer;
    if (!d)
        fail_msg("%s", where.text);
    assert_string_equal(json_string_value(json_object_get(d, "genome")), ALL_3X3);
    assert_string_equal(json_string_value(json_object_get(d, "folder")), folder);
    assert_int_equal(json_integer_value(json_object_get(d, "trial")), 7);
    assert_int_equal(json_integer_value(json_object_get(d, "seed")), hash_to_u64(&t.key) >> 33);
    assert_true(json_object_size(json_object_get(d, "genes")) > 0);
    json_t *network = json_object_get(d, "network"), *layers = json_object_get(network, "layers");
    json_int_t macs = 0, params = 0;
    size_t i;
    const char *last = NULL;
    json_array_foreach(layers, i, layer) { /* each layer reads earlier ones; sums are the static costs */
        macs += json_integer_value(json_object_get(layer, "macs"));
        params += json_integer_value(json_object_get(layer, "params"));
        last = json_string_value(json_object_get(layer, "id"));
        json_t *inputs = json_object_get(layer, "inputs"), *input;
        size_t k, j;
        json_array_foreach(inputs, k, input) {
            bool found = strcmp(json_string_value(input), "input") == 0;
            for (j = 0; j < i; j++)
                found = found || strcmp(json_string_value(input), json_string_value(json_object_get(json_array_get(layers, j), "id"))) == 0;
            assert_true(found);
        }
    }
    assert_true(macs == trial_metric(&t, "macs") && params == trial_metric(&t, "params") && macs > 0);
    assert_string_equal(json_string_value(json_object_get(network, "output")), last);
    layer = json_array_get(layers, 0);
    assert_string_equal(json_string_value(json_object_get(layer, "op")), "conv2d");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(json_object_get(layer, "attributes"), "kernel"), 0)), 3);
    json_decref(d);
}

static hash256 key_of(const char *settings, const char *genome_text)
{
    void *s = opened(settings);
    trial t = ask(s, genome_text);
    command->destroy(s);
    return t.key;
}

static void test_key(void **state)
{
    (void)state;
    write_file("act.sh", "one", 0644);
    write_file("data.bin", "1", 0644);
    const char *plain = "command=[sh, act.sh]";
    hash256 first = key_of(plain, SKIP_A), k;
    void *s = opened(plain);
    hash256 content = command->content(s);
    command->destroy(s);

    k = key_of("command=[sh, act.sh], timeout_s=9, max_bytes=9G", SKIP_A); /* limits are no part of a result */
    assert_true(hash_equal(&first, &k));
    k = key_of(plain, SKIP_B); /* one network */
    assert_true(hash_equal(&first, &k));
    const char *const others[] = {"command=[sh, act.sh, -v]", "command=[sh, act.sh], settings=5", "command=[sh, act.sh], metrics=[loss]",
                                  "command=[sh, act.sh], files=[data.bin]", "command=[sh, act.sh], key=genome"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        k = key_of(others[i], SKIP_A);
        if (hash_equal(&first, &k))
            fail_msg("%s: the same key", others[i]);
    }
    hash256 by_genome = key_of(others[4], SKIP_A);
    k = key_of(others[4], SKIP_B);
    assert_false(hash_equal(&by_genome, &k));
    k = key_of(plain, ALL_3X3);
    assert_false(hash_equal(&first, &k));
    context.training_seed = 2;
    k = key_of(plain, SKIP_A);
    context.training_seed = 1;
    assert_false(hash_equal(&first, &k));
    recipe.epochs++;
    k = key_of(plain, SKIP_A);
    recipe.epochs--;
    assert_false(hash_equal(&first, &k));

    write_file("act.sh", "two", 0644); /* the script changes: so do key and identity */
    k = key_of(plain, SKIP_A);
    assert_false(hash_equal(&first, &k));
    s = opened(plain);
    k = command->content(s);
    command->destroy(s);
    assert_false(hash_equal(&content, &k));
    write_file("act.sh", "one", 0644);
    k = key_of(plain, SKIP_A);
    assert_true(hash_equal(&first, &k));
}

static void test_wrong_settings(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *says;
    } cases[] = {
        {"metrics=[error]", "command"},
        {"command=[no-such-program-at-all]", "no program \"no-such-program-at-all\" in the PATH"},
        {"command=[./missing]", "there is no program"},
        {"command=[./plain.sh]", "chmod +x"},
        {"command=[plain.sh]", "written ./plain.sh"},
        {"command=[sh, missing.sh]", "there is no missing.sh in"},
        {"command=[sh, plain.sh], files=[missing.bin]", "cannot read"},
        {"command=[sh, plain.sh], metrics=[error, macs]", "\"macs\" is computed from the network"},
        {"command=[sh, plain.sh], metrics=[error, error]", "listed twice"},
        {"command=[sh, plain.sh], metrics=[\"top 1\"]", "letters, digits and _"},
        {"command=[sh, plain.sh], timeout=3", "timeout_s"},
        {"command=[sh, plain.sh], key=gene", "genome"},
    };
    write_file("plain.sh", "", 0644);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ash_error err = {0};
        void *s;
        if (open_command(cases[i].settings, &s, &err) != ASH_INVALID || !strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].settings, s ? "taken" : err.text);
    }
}

/* Several threads, each with an arena of its own, as an executor does it. */
static void *worker(void *state)
{
    ash_error err;
    arena *own = arena_create();
    size_t *good = calloc(1, sizeof(*good));
    for (int i = 0; i < 10; i++) {
        trial t = *(const trial *)((void **)state)[1];
        if (command->evaluate(((void **)state)[0], &t, own, NULL, NULL, &err) == ASH_OK && t.status == TRIAL_OK && trial_metric(&t, "error") == 0.25)
            ++*good;
        arena_reset(own);
    }
    arena_destroy(own);
    return good;
}

static void test_threads(void **state)
{
    (void)state;
    write_file("act.sh", "cat >/dev/null; echo '" GOOD "'", 0755);
    void *s = opened("command=[sh, act.sh]");
    trial t = ask(s, ALL_3X3);
    void *shared[] = {s, &t};
    pthread_t threads[4];
    int before = open_descriptors();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, shared), 0);
    for (int i = 0; i < 4; i++) {
        void *good;
        pthread_join(threads[i], &good);
        assert_int_equal(*(size_t *)good, 10);
        free(good);
    }
    assert_int_equal(open_descriptors(), before);
    command->destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misbehaviour), cmocka_unit_test(test_whole_group),    cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_documents),    cmocka_unit_test(test_key),            cmocka_unit_test(test_wrong_settings),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
