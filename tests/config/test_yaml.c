/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_yaml.c - run files: what is read, what is refused and where, overrides, and that printing reads back */
#include "config/config.h"
#include "core/rng.h"
#include "core/text.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct recipe {
    int64_t epochs, cap;
    double lr;
    const char *optimizer;
} recipe;
typedef struct top {
    const char *name;
    int64_t seed;
} top;

static const char *const optimizers[] = {"sgd", "adamw", NULL};
static const option recipe_rows[] = {
    {"epochs", OPTION_INT, offsetof(recipe, epochs), "20", 1, 1000, .help = "passes"},
    {"cap", OPTION_SIZE, offsetof(recipe, cap), "64K", .help = "cap"},
    {"lr", OPTION_REAL, offsetof(recipe, lr), "0.1", 0, 10, .help = "rate"},
    {"optimizer", OPTION_NAME, offsetof(recipe, optimizer), "sgd", .names = optimizers, .help = "which"},
};
static const option top_rows[] = {
    {"name", OPTION_TEXT, offsetof(top, name), "run", .help = "name"},
    {"seed", OPTION_INT, offsetof(top, seed), "1", .help = "seed"},
};
static const option_table recipe_table = OPTION_TABLE("train", recipe, recipe_rows);
static const option_table top_table = OPTION_TABLE("run", top, top_rows);

static arena *a;
static ash_error err;
static recipe train;
static top head;
static const node *space;

static int fresh(void **state) { (void)state; return (a = arena_create()) ? 0 : -1; }
static int done(void **state) { (void)state; arena_destroy(a); return 0; }

static ash_status sections(const node *root)
{
    const config_section list[] = {{"train", &recipe_table, &train, NULL}, {"space", NULL, &space, NULL}};
    return config_read_sections(root, &top_table, &head, list, 2, a, &err);
}

static node *parse(const char *text)
{
    node *root = NULL;
    if (config_read_text(text, "run.yaml", a, &root, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return root;
}

static void same_start(const char *text, const char *message)
{
    if (strncmp(err.text, message, strlen(message)))
        fail_msg("\"%s\" says:\n%s\nexpected:\n%s", text, err.text, message);
}

static void refused(const char *text, const char *message)
{
    node *root = NULL;
    ash_status status = config_read_text(text, "run.yaml", a, &root, &err);
    if (status == ASH_OK)
        status = sections(root);
    assert_int_equal(status, ASH_INVALID);
    same_start(text, message);
}

static void printed(const char *text, const char *expected) { assert_string_equal(node_print(a, parse(text)), expected); }

static void test_read(void **state)
{
    (void)state;
    printed("", "{}");
    printed("# only a comment\n", "{}");
    printed("---\n...\n", "{}");
    printed("\xef\xbb\xbfname: x\n", "{name: x}");
    printed("a: 1\r\nb:\r\n  c: [1, 2] # so\r\n", "{a: 1, b: {c: [1, 2]}}");
    printed("a: '5'\nb: \"x\\ty\"\nc: ~\nd:\ne: null\nf: ''\n", "{a: \"5\", b: \"x\\ty\", c: ~, d: ~, e: ~, f: \"\"}");
    printed("a: |\n  one\n  two\nb: >\n  one\n  two\n", "{a: \"one\\ntwo\\n\", b: \"one two\\n\"}");
    printed("größe: [ü, {x: y}]\n", "{größe: [ü, {x: y}]}");
    assert_int_equal(sections(parse("name: digits\nseed: 5\ntrain:\nspace: {cells: 3}\n")), ASH_OK);
    assert_true(head.seed == 5 && train.epochs == 20 && space->kind == NODE_MAP);
    assert_int_equal(sections(parse("train: {epochs: 3, cap: 1.5M, lr: 1e-3}\n")), ASH_OK);
    assert_true(train.epochs == 3 && train.cap == 1572864 && train.lr == 1e-3 && !space);
    assert_int_equal(sections(NULL), ASH_OK);
}

static void test_refused(void **state)
{
    (void)state;
    node *root;
    assert_int_equal(config_read_text("name: x\ntrain:\n  epocs: 3\n", "run.yaml", a, &root, &err), ASH_OK);
    assert_int_equal(sections(root), ASH_INVALID);
    assert_string_equal(err.text, "run.yaml:3:3: unknown key \"epocs\" in train; did you mean \"epochs\"?\n    epocs: 3\n    ^");
    refused("trian: {}\n", "run.yaml:1:1: unknown key \"trian\"; did you mean \"train\"?");
    refused("sed: 3\n", "run.yaml:1:1: unknown key \"sed\"; did you mean \"seed\"?");
    refused("nonsense: 3\n", "run.yaml:1:1: unknown key \"nonsense\"; known are: train, space, name, seed");
    refused("train: {epochs: many}\n", "run.yaml:1:17: epochs must be a whole number, not \"many\"");
    refused("train: {epochs: \"3\"}\n", "run.yaml:1:17: epochs must be a whole number, not \"3\"");
    refused("train: {cap: 64kB}\n", "run.yaml:1:14: cap must be a size");
    refused("train: 3\n", "run.yaml:1:8: \"train\" must hold settings (name: value), not a value");
    refused("train: [3]\n", "run.yaml:1:8: \"train\" must hold settings (name: value), not a list");
    refused("seed: [3]\n", "run.yaml:1:7: seed must be a whole number, not a list");
    refused("seed: 1\nname: x\nseed: 2\n", "run.yaml:3:1: duplicate key \"seed\"; it is on line 1 already");
    refused("train: {lr: 1, epochs: 2, lr: 3}\n", "run.yaml:1:27: duplicate key \"lr\"; it is on line 1 already");
    refused("space: {a: {b: 1, b: 2}}\n", "run.yaml:1:19: duplicate key \"b\"");
    refused("space: &x {a: 1}\n", "run.yaml:1:8: anchors (&x) are not supported");
    refused("space: *x\n", "run.yaml:1:8: aliases (*x) are not supported");
    refused("seed: !!int 3\n", "run.yaml:1:7: tags (");
    refused("a: 1\n---\nb: 2\n", "run.yaml:2:1: a second document; a file holds one");
    refused("- 1\n- 2\n", "run.yaml:1:1: expected settings (name: value), not a list");
    refused("hello\n", "run.yaml:1:1: expected settings (name: value), not text");
    refused("train:\n\tepochs: 3\n", "run.yaml:2:1: found character that cannot start any token");
    refused("space: [1, 2\n", "run.yaml:2:1: did not find expected ',' or ']'");
    refused("space: {[1]: 2}\n", "run.yaml:1:9: a key must be a name, not a list or a map");
    refused("name: \"a\\0b\"\n", "run.yaml:1:7: a NUL character");
    refused("name: \xff\n", "run.yaml:1:7: byte 0xff is not UTF-8 text");
    refused("ä: \xed\xa0\x80\n", "run.yaml:1:4: byte 0xed is not UTF-8 text");
    refused("name: \x01\n", "run.yaml:1:7: control characters are not allowed");
}

/* Doubling nine times would make half a thousand million values of it. */
static void test_alias_bomb(void **state)
{
    (void)state;
    char bomb[2000] = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'k'; c++) {
        size_t n = strlen(bomb);
        snprintf(bomb + n, sizeof(bomb) - n, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c - 1, c - 1, c - 1, c - 1, c - 1,
                 c - 1, c - 1, c - 1, c - 1);
    }
    refused(bomb, "run.yaml:1:4: anchors (&a) are not supported");
}

static void test_depth(void **state)
{
    (void)state;
    enum { FAR = 200000 };
    char *deep = malloc(FAR + 1);
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < FAR; i++)
            deep[i] = way ? "{a: "[i % 4] : '[';
        deep[FAR] = '\0';
        node *root;
        assert_int_equal(config_read_text(deep, "run.yaml", a, &root, &err), ASH_INVALID);
        assert_non_null(strstr(err.text, "nested deeper than 64 levels"));
    }
    free(deep);
    printed("a: [[[[[[[[[[1]]]]]]]]]]\n", "{a: [[[[[[[[[[1]]]]]]]]]]}");
}

static char path[] = "/tmp/ashlar-yaml-XXXXXX";

static void write_file(const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
    (void)state;
    node *root;
    close(mkstemp(path));
    write_file("seed: 3\n", 8);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_OK);
    assert_string_equal(node_get(root, "seed")->text, "3");
    write_file("", 0);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_OK);
    write_file("seed: 3\n\0\n", 10);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, ":2:1: a NUL byte; this is not a text file"));
    size_t huge = ((size_t)16 << 20) + 1;
    char *comment = malloc(huge);
    memset(comment, '#', huge);
    write_file(comment, huge);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "larger than 16 MiB; this is no run file"));
    write_file(comment, huge - 1);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_OK);
    free(comment);
    unlink(path);
    assert_int_equal(config_read_file(path, a, &root, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "No such file or directory"));
    assert_int_equal(config_read_file("/tmp", a, &root, &err), ASH_INVALID);
    assert_int_equal(config_read_file("/dev/null/x", a, &root, &err), ASH_INVALID);
}

static void set(const char *document, const char *assignment, const char *expected)
{
    node *root = parse(document);
    if (config_set(a, root, assignment, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_string_equal(node_print(a, root), expected);
}

static void test_set(void **state)
{
    (void)state;
    set("", "seed=5", "{seed: 5}");
    set("seed: 1\n", "seed=5", "{seed: 5}");
    set("train: {lr: 1}\nseed: 2\n", "train.epochs=5", "{train: {lr: 1, epochs: 5}, seed: 2}");
    set("train: {lr: 1}\nseed: 2\n", "train.lr=0.5", "{train: {lr: 0.5}, seed: 2}");
    set("train:\nseed: 2\n", "train.lr=0.5", "{train: {lr: 0.5}, seed: 2}");
    set("", "search.objectives=[error, macs]", "{search: {objectives: [error, macs]}}");
    set("", "a.b.c={x: 1, y: [2]}", "{a: {b: {c: {x: 1, y: [2]}}}}");
    set("train: {lr: 1}\n", "train={epochs: 3}", "{train: {epochs: 3}}");
    set("", "name=a=b", "{name: a=b}");
    set("", "name='5'", "{name: \"5\"}");
    set("name: x\n", "name=", "{name: ~}");
    set("", "train.cap=1.5M", "{train: {cap: 1.5M}}");
}

static void set_refused(const char *assignment, const char *message)
{
    node *root = parse("name: digits\nspace: [1]\ntrain: {lr: 1}\n");
    ash_status status = config_set(a, root, assignment, &err);
    if (status == ASH_OK)
        status = sections(root);
    assert_int_equal(status, ASH_INVALID);
    same_start(assignment, message);
}

static void test_set_refused(void **state)
{
    (void)state;
    set_refused("train.epocs=5", "--set:1:7: unknown key \"epocs\" in train; did you mean \"epochs\"?\n  train.epocs=5\n        ^");
    set_refused("train.epochs=many", "--set:1:14: epochs must be a whole number, not \"many\"\n  train.epochs=many\n               ^");
    set_refused("train.lr=x", "--set:1:10: lr must be a number, not \"x\"\n  train.lr=x\n           ^"); /* the key stands in the document */
    set_refused("train.optimizer=adam", "--set:1:17: unknown optimizer \"adam\"; did you mean \"adamw\"?");
    set_refused("trian.lr=1", "--set:1:1: unknown key \"trian\"; did you mean \"train\"?");
    set_refused("train", "--set:1:6: expected section.key=value");
    set_refused("", "--set:1:1: expected section.key=value");
    set_refused("=3", "--set:1:1: expected section.key=value");
    set_refused("train..lr=3", "--set:1:7: expected section.key=value");
    set_refused("train.lr =3", "--set:1:9: expected section.key=value");
    set_refused("name.x=3", "--set:1:6: \"name\" is a value and has no key \"x\"");
    set_refused("space.x=3", "--set:1:7: \"space\" is a list and has no key \"x\"");
    set_refused("train.lr=[1, 2", "--set:2:1: did not find expected ',' or ']'");
    set_refused("train.lr=*x", "--set:1:10: aliases (*x) are not supported");
    set_refused("train.epochs=", "--set:1:14: epochs must be a whole number, not \"\"");
}

static node *random_tree(rng *r, int depth, const char *key)
{
    static const char *const pieces[] = {"a", "5", "-", ":", " ", "#", ",", "[", "]", "{", "}", "\"", "'", "\\", "\n", "\t", "?", "!", "&", "*", "|",
                                         ">", "%", "@", "`", "~", "null", "true", "1e3", ".", "=", "ü", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\x7f", "\r", "\x1b",
                                         "😀"};
    uint32_t kind = depth ? rng_below(r, 5) : 4;
    if (kind < 3) {
        char text[100] = "";
        for (uint32_t n = rng_below(r, 6); n; n--)
            strcat(text, pieces[rng_below(r, sizeof(pieces) / sizeof(*pieces))]);
        node *n = node_scalar(a, key, text);
        n->quoted = rng_below(r, 3) == 0;
        if (!n->quoted && (!strcmp(text, "~") || !strcmp(text, "null")))
            n->quoted = true; /* as the reader would have it: a bare null is no text */
        return n;
    }
    node *n = kind == 3 ? node_list(a, key) : node_map(a, key);
    for (uint32_t i = 0, count = rng_below(r, 5); i < count && depth < 6; i++) {
        char name[100];
        snprintf(name, sizeof(name), "k%u%s", i, pieces[rng_below(r, sizeof(pieces) / sizeof(*pieces))]);
        node_append(n, random_tree(r, depth + 1, kind == 3 ? NULL : name));
    }
    return n;
}

static void same_tree(const node *x, const node *y, const char *text)
{
    bool as_null = x->kind == NODE_SCALAR && !x->quoted && !*x->text; /* plain text that needed quotes comes back quoted; nothing else changes */
    if (x->kind != y->kind || x->count != y->count || (x->kind == NODE_SCALAR && (strcmp(x->text, y->text) || (x->quoted && !y->quoted))) ||
        (as_null && y->quoted) || !x->key != !y->key || (x->key && strcmp(x->key, y->key)))
        fail_msg("read back otherwise: %s", text);
    for (const node *p = x->first, *q = y->first; p; p = p->next, q = q->next)
        same_tree(p, q, text);
}

/* A database keeps node_print of a run file, from which `verify` rebuilds the run. */
static void test_print_reads_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        rng r = rng_stream(seed, "tree", 0);
        arena_reset(a);
        node *tree = random_tree(&r, 0, NULL), *back;
        char *text = node_print(a, tree);
        if (config_read_text(text, "printed", a, &back, &err) != ASH_OK)
            fail_msg("%s\n%s", text, err.text);
        same_tree(tree, back, text);
        assert_string_equal(node_print(a, back), text);
    }
}

/* Every setting printed by option_print reads back, through YAML, to the same settings. */
static void test_options_read_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        rng r = rng_stream(seed, "options", 0);
        arena_reset(a);
        recipe in = {.epochs = 1 + rng_below(&r, 1000), .cap = (int64_t)(rng_u64(&r) >> 11), .lr = 10 * rng_real(&r), .optimizer = optimizers[rng_below(&r, 2)]};
        top name = {.seed = (int64_t)rng_u64(&r)};
        while (!name.name)
            name.name = random_tree(&r, 6, NULL)->text;
        buffer b = {0};
        option_print(&recipe_table, &in, false, &b);
        option_print(&top_table, &name, false, &b);
        node *root = node_map(a, NULL);
        for (char *line = b.data, *end; line && *line; line = end + 1) {
            end = strchr(line, '\n');
            *end = '\0';
            char *colon = strchr(line, ':'), *assignment = arena_alloc(a, strlen(line) + 1);
            size_t n = (size_t)(colon - line);
            memcpy(assignment, line, n);
            assignment[n] = '=';
            strcpy(assignment + n + 1, colon + 2);
            if (!strncmp(assignment, "run.", 4))
                assignment += 4;
            if (config_set(a, root, assignment, &err) != ASH_OK)
                fail_msg("%s", err.text);
        }
        buffer_free(&b);
        if (sections(root) != ASH_OK)
            fail_msg("%s", err.text);
        assert_true(train.epochs == in.epochs && train.cap == in.cap && train.lr == in.lr && train.optimizer == in.optimizer && head.seed == name.seed);
        assert_string_equal(head.name, name.name);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    long k = 1;
    size_t before = arena_live();
    for (ash_status status = ASH_BROKEN; status != ASH_OK; k++) {
        arena *own = arena_create();
        node *root;
        arena_fail_at(k);
        status = config_read_text("train: {lr: 1, epochs: 2}\nspace: [a, b]\n", "x", own, &root, &err);
        if (status == ASH_OK)
            status = config_set(own, root, "train.lr=[1, 2]", &err);
        arena_fail_at(0);
        arena_destroy(own);
        assert_int_equal(arena_live(), before);
        assert_true(k < 200 && (status == ASH_OK || status == ASH_BROKEN));
    }
    assert_true(k > 10);
}

/* Valid files with some bytes changed, added, removed: an answer, never a crash. */
static void test_mutations(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "name: x\nseed: 3\ntrain:\n  epochs: 5 # five\n  lr: 1e-3\nspace:\n  - {a: [1, 2], b: \"q\\n\"}\n  - |\n    text\n",
        "{name: x, train: {epochs: 5, optimizer: 'adamw', cap: 64K}, space: {stages: [{repeat: 1..3, block: [conv, ds]}]}}\n",
        "\xef\xbb\xbfname: größe\r\ntrain: {}\r\nspace: ~\r\n",
    };
    static const char interesting[] = "\0\t\n\r !\"#%&'*,-:<>?@[\\]`{|}~\xff\xc3\xed";
    for (uint64_t seed = 0; seed < 30000; seed++) {
        rng r = rng_stream(seed, "mutate", 0);
        arena_reset(a);
        char text[1000];
        size_t n = strlen(strcpy(text, valid[rng_below(&r, 3)]));
        for (uint32_t changes = 1 + rng_below(&r, 6); changes && n > 1; changes--) {
            size_t at = rng_below(&r, (uint32_t)n);
            char c = rng_below(&r, 2) ? interesting[rng_below(&r, sizeof(interesting) - 1)] : (char)rng_u32(&r);
            uint32_t what = rng_below(&r, 4);
            if (what == 0) {
                text[at] = c;
            } else if (what == 1 && n < sizeof(text) - 100) {
                memmove(text + at + 1, text + at, n - at + 1);
                text[at] = c;
                n++;
            } else if (what == 2) {
                memmove(text + at, text + at + 1, n - at);
                n--;
            } else { /* a piece of it again */
                size_t from = rng_below(&r, (uint32_t)n), length = rng_below(&r, 50);
                length = from + length > n ? n - from : length;
                if (at + length <= n)
                    memmove(text + at, text + from, length);
            }
            text[n] = '\0';
        }
        char *exact = malloc(strlen(text) + 1);
        strcpy(exact, text);
        node *root = NULL;
        ash_status status = config_read_text(exact, "mutant", a, &root, &err);
        if (status == ASH_OK) {
            char *print = node_print(a, root);
            node *back;
            if (config_read_text(print, "printed", a, &back, &err) != ASH_OK)
                fail_msg("%s", err.text);
            sections(root);
            config_set(a, root, exact, &err);
        } else {
            assert_int_equal(status, ASH_INVALID);
            assert_true(strlen(err.text) > 10);
        }
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
        TEST(test_read),  TEST(test_refused),     TEST(test_alias_bomb),       TEST(test_depth),             TEST(test_files),     TEST(test_set),
        TEST(test_set_refused), TEST(test_print_reads_back), TEST(test_options_read_back), TEST(test_no_memory), TEST(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
