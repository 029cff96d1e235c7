/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_option.c - settings from tables: every type, every complaint word for word, defaults, printing */
#include "core/option.h"
#include "core/rng.h"
#include "unit.h"
#include <string.h>

typedef struct settings {
    bool flip;
    int64_t epochs, bytes, macs, seed;
    double lr;
    const char *title, *optimizer, *schedule;
    option_ints widths;
    option_reals rates;
    option_texts labels, objectives;
    const node *space;
} settings;

static const char *const optimizers[] = {"sgd", "adamw", NULL};
static const char *const metrics[] = {"error", "macs", "model_bytes", NULL};
static const option rows[] = {
    {"flip", OPTION_BOOL, offsetof(settings, flip), "false", .help = "mirror images"},
    {"epochs", OPTION_INT, offsetof(settings, epochs), "20", 1, 1000, .help = "passes"},
    {"lr", OPTION_REAL, offsetof(settings, lr), "0.1", 0, 10, .help = "peak learning rate"},
    {"bytes", OPTION_SIZE, offsetof(settings, bytes), "64K", 0, 1 << 20, .unit = "B", .help = "cap"},
    {"macs", OPTION_COUNT, offsetof(settings, macs), "20k", .help = "cap", .execution = true},
    {"seed", OPTION_INT, offsetof(settings, seed), NULL, .help = "the seed"},
    {"title", OPTION_TEXT, offsetof(settings, title), "a title, with a comma", .help = "words"},
    {"schedule", OPTION_TEXT, offsetof(settings, schedule), NULL, .help = "words", .optional = true},
    {"optimizer", OPTION_NAME, offsetof(settings, optimizer), "sgd", .names = optimizers, .help = "which"},
    {"widths", OPTION_INT_LIST, offsetof(settings, widths), "[8, 16]", 1, 64, .help = "widths"},
    {"rates", OPTION_REAL_LIST, offsetof(settings, rates), NULL, 0, 1, .help = "rates", .optional = true},
    {"labels", OPTION_TEXT_LIST, offsetof(settings, labels), NULL, .help = "labels", .optional = true},
    {"objectives", OPTION_NAME_LIST, offsetof(settings, objectives), "[error]", .names = metrics, .help = "objectives"},
    {"space", OPTION_NODE, offsetof(settings, space), NULL, .help = "somebody else's"},
};
static const option_table table = OPTION_TABLE("train", settings, rows);

static arena *a;
static ash_error err;
static settings s;

static int open_arena(void **state) { (void)state; return (a = arena_create()) ? 0 : -1; }
static int close_arena(void **state) { (void)state; arena_destroy(a); return 0; }

static ash_status read(const char *text)
{
    node *map;
    if (node_parse_inline(a, text, "run.yaml", &map, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return option_read(&table, &s, map, a, &err);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(read("seed=-3"), ASH_OK);
    assert_true(!s.flip && s.epochs == 20 && s.lr == 0.1 && s.bytes == 65536 && s.macs == 20000 && s.seed == -3);
    assert_string_equal(s.title, "a title, with a comma");
    assert_string_equal(s.optimizer, "sgd");
    assert_true(!s.schedule && !s.space && s.rates.n == 0 && s.labels.n == 0);
    assert_true(s.widths.n == 2 && s.widths.v[1] == 16 && s.objectives.n == 1 && s.objectives.v[0] == metrics[0]);
}

static void test_every_type(void **state)
{
    (void)state;
    assert_int_equal(read("seed=1e3 flip=true epochs=5 lr=1e-3 bytes=1.5K macs=2M title=x schedule=cosine optimizer=adamw widths=4 "
                          "rates=[0, 0.5] labels=[cat, dog] objectives=[macs, error] space=[1, 2]"), ASH_OK);
    assert_true(s.flip && s.epochs == 5 && s.lr == 1e-3 && s.bytes == 1536 && s.macs == 2000000 && s.seed == 1000);
    assert_true(s.widths.n == 1 && s.widths.v[0] == 4); /* one is a list of one */
    assert_true(s.rates.n == 2 && s.rates.v[1] == 0.5);
    assert_string_equal(s.labels.v[1], "dog");
    assert_string_equal(s.objectives.v[0], "macs");
    assert_int_equal(s.space->count, 2);
}

static void refused(const char *text, const char *message)
{
    assert_int_equal(read(text), ASH_INVALID);
    if (strncmp(err.text, message, strlen(message)) || (err.text[strlen(message)] && err.text[strlen(message)] != '\n'))
        fail_msg("\"%s\" says:\n%s\nexpected:\n%s", text, err.text, message);
}

static void test_complaints(void **state)
{
    (void)state;
    assert_int_equal(read("seed=1, epocs=3"), ASH_INVALID);
    assert_string_equal(err.text, "run.yaml:1:9: unknown key \"epocs\" in train; did you mean \"epochs\"?\n  seed=1, epocs=3\n          ^");
    assert_int_equal(read("seed=1, epochs=0"), ASH_INVALID);
    assert_string_equal(err.text, "run.yaml:1:16: epochs must be from 1 to 1000, not 0\n  seed=1, epochs=0\n                 ^");
    refused("seed=1 zzzz=3", "run.yaml:1:8: unknown key \"zzzz\" in train; known are: flip, epochs, lr, bytes, macs, seed, title, schedule, "
                             "optimizer, widths, rates, labels, objectives, space");
    refused("seed=1 seed=2", "run.yaml:1:8: duplicate key \"seed\" in train; it stands already in line 1");
    refused("epochs=3", "run.yaml:1:1: train: required setting \"seed\" is missing (the seed)");
    refused("seed=1 epochs=1001", "run.yaml:1:15: epochs must be from 1 to 1000, not 1001");
    refused("seed=1 epochs=many", "run.yaml:1:15: epochs must be a whole number, not \"many\"");
    refused("seed=1 epochs=1.5", "run.yaml:1:15: epochs must be a whole number, not \"1.5\"");
    refused("seed=1 epochs=[1]", "run.yaml:1:15: epochs must be a whole number, not a list");
    refused("seed=1 lr=nan", "run.yaml:1:11: lr must be a number, not \"nan\"");
    refused("seed=1 lr=-0.1", "run.yaml:1:11: lr must be from 0 to 10, not -0.1");
    refused("seed=1 flip=yes", "run.yaml:1:13: flip must be true or false, not \"yes\"");
    refused("seed=1 bytes=64kB", "run.yaml:1:14: bytes must be a size such as 64K or 1.5M, not \"64kB\"");
    refused("seed=1 bytes=2M", "run.yaml:1:14: bytes must be from 0 to 1048576 B, not 2M");
    refused("seed=1 macs=x", "run.yaml:1:13: macs must be a count such as 20k or 1.5M, not \"x\"");
    refused("seed=1 title=[a]", "run.yaml:1:14: title must be text, not a list");
    refused("seed=1 optimizer=adam", "run.yaml:1:18: unknown optimizer \"adam\"; did you mean \"adamw\"?");
    refused("seed=1 optimizer=lion", "run.yaml:1:18: unknown optimizer \"lion\"; known are: sgd, adamw");
    refused("seed=1 widths=[8, 65]", "run.yaml:1:19: widths must be from 1 to 64, not 65");
    refused("seed=1 widths=[8, x]", "run.yaml:1:19: widths must be a whole number, not \"x\"");
    refused("seed=1 objectives=[error, mac]", "run.yaml:1:27: unknown objectives \"mac\"; did you mean \"macs\"?");
}

static void test_kinds_of_nodes(void **state)
{
    (void)state;
    node *quoted = node_map(a, NULL), *seed = node_scalar(a, "seed", "1");
    seed->quoted = true;
    node_append(quoted, seed);
    assert_int_equal(option_read(&table, &s, quoted, a, &err), ASH_INVALID); /* "1" is a text */
    assert_int_equal(option_read(&table, &s, node_scalar(a, NULL, "x"), a, &err), ASH_INVALID);
    assert_string_equal(err.text, "train must be a map of settings (name: value)");
    node *map = node_map(a, NULL);
    node_append(map, node_scalar(a, "seed", "1"));
    node_append(map, node_map(a, "widths"));
    assert_int_equal(option_read(&table, &s, map, a, &err), ASH_INVALID);
    assert_string_equal(err.text, "widths must be a list, such as [a, b], not a map");
    assert_int_equal(option_read(&table, &s, NULL, a, &err), ASH_INVALID); /* nothing at all: the seed is missing */
    node *typed = node_map(a, NULL);
    node_append(typed, node_scalar(a, "type", "cnn"));
    node_append(typed, node_scalar(a, "seed", "1"));
    const char *const except[] = {"type", NULL};
    assert_int_equal(option_read(&table, &s, typed, a, &err), ASH_INVALID);
    assert_int_equal(option_read_except(&table, &s, typed, except, a, &err), ASH_OK);
    node *typo = node_map(a, NULL);
    node_append(typo, node_scalar(a, "tpye", "cnn"));
    assert_int_equal(option_read_except(&table, &s, typo, except, a, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "did you mean \"type\"?"));
}

static void test_printed(void **state)
{
    (void)state;
    buffer b = {0};
    read("seed=7 lr=1e-5 title=5 labels=[true, a b]");
    option_print(&table, &s, false, &b);
    assert_string_equal(b.data, "train.flip: false\ntrain.epochs: 20\ntrain.lr: 1e-05\ntrain.bytes: 65536\ntrain.macs: 20000\ntrain.seed: 7\n"
                                "train.title: \"5\"\ntrain.optimizer: sgd\ntrain.widths: [8, 16]\ntrain.labels: [\"true\", a b]\n"
                                "train.objectives: [error]\n");
    buffer_clear(&b);
    option_print(&table, &s, true, &b);
    assert_null(strstr(b.data, "macs:")); /* how a run is executed is not what it is */
    assert_non_null(strstr(b.data, "train.seed: 7"));
    buffer_clear(&b);
    option_help(&table, &b);
    assert_non_null(strstr(b.data, "epochs      int 1..1000"));
    assert_non_null(strstr(b.data, "the seed (required)"));
    assert_non_null(strstr(b.data, "sgd|adamw"));
    assert_non_null(strstr(b.data, "size 0..1048576 B"));
    buffer_free(&b);
    assert_null(option_find(&table, "nothing"));
    assert_string_equal(option_find(&table, "lr")->help, "peak learning rate");
}

static void test_no_memory(void **state)
{
    (void)state;
    long k = 1;
    for (ash_status status = ASH_BROKEN; status != ASH_OK; k++) {
        arena *own = arena_create();
        node *map;
        assert_int_equal(node_parse_inline(a, "seed=1 rates=[0.5] labels=[a]", "x", &map, &err), ASH_OK);
        arena_fail_at(k);
        status = option_read(&table, &s, map, own, &err);
        arena_fail_at(0);
        arena_destroy(own);
        assert_true(k < 100 && (status == ASH_OK || status == ASH_BROKEN));
    }
    assert_true(k > 5);
}

/* A row that came later leaves old identities alone until it is used; what is written for people has it always. */
static void test_later_rows(void **state)
{
    (void)state;
    typedef struct late {
        int64_t copies;
        option_texts weights;
        double mix;
    } late;
    static const option late_rows[] = {
        {"copies", OPTION_INT, offsetof(late, copies), "1", 1, 9, .help = "copies", .later = true},
        {"weights", OPTION_TEXT_LIST, offsetof(late, weights), "none", .help = "weights", .later = true},
        {"mix", OPTION_REAL, offsetof(late, mix), "0.25", 0, 1, .help = "mix", .later = true},
    };
    static const option_table late_table = OPTION_TABLE("train", late, late_rows);
    static const char *const said[][2] = {
        {"", ""},
        {"copies=1, weights=none, mix=0.250", ""},
        {"copies=2", "train.copies: 2\n"},
        {"weights=[none, none]", "train.weights: [none, none]\n"},
        {"mix=0.5, copies=1", "train.mix: 0.5\n"},
    };
    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        late v;
        node *map;
        buffer identity = {0}, all = {0};
        assert_int_equal(node_parse_inline(a, said[i][0], "run.yaml", &map, &err), ASH_OK);
        assert_int_equal(option_read(&late_table, &v, map, a, &err), ASH_OK);
        option_print(&late_table, &v, true, &identity);
        option_print(&late_table, &v, false, &all);
        assert_string_equal(identity.data ? identity.data : "", said[i][1]);
        assert_non_null(strstr(all.data, "train.copies: "));
        buffer_free(&identity);
        buffer_free(&all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_every_type), cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_kinds_of_nodes), cmocka_unit_test(test_printed),    cmocka_unit_test(test_later_rows),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
