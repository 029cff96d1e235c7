/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canonical network: what does nothing goes, isomorphic networks have one text, different ones do not */
#include "tests/space/space_test.h"

typedef struct net {
    arena *a;
    nn_graph *g;
} net;

static net new_net(void)
{
    arena *a = arena_create();
    return (net){a, nn_graph_create(a, (nn_shape){8, 8, 4})};
}

static int op(net *n, const char *name, int x, const char *attrs)
{
    ash_error err;
    int made = nn_add(n->g, &err, name, &x, 1, attrs);
    if (made < 0)
        fail_msg("%s", err.text);
    n->g->output = made;
    return made;
}

static int join(net *n, const char *name, int x, int y)
{
    ash_error err;
    int made = nn_add(n->g, &err, name, (int[]){x, y}, 2, NULL);
    assert_true(made >= 0);
    return n->g->output = made;
}

static int add(net *n, int x, int y)
{
    return join(n, "add", x, y);
}

/* The canonical text; also checks that it is a fixed point and that its hash is the text's. */
static char *canonical(const net *n)
{
    ash_error err;
    nn_graph *once, *twice;
    hash256 hash, again;
    assert_int_equal(space_canonical(n->g, n->a, &once, &hash, &err), ASH_OK);
    assert_int_equal(space_canonical(once, n->a, &twice, &again, &err), ASH_OK);
    buffer first = {0}, second = {0};
    space_network_text(once, &first);
    space_network_text(twice, &second);
    assert_string_equal(first.data, second.data);
    assert_true(hash_equal(&hash, &again));
    again = hash_of_bytes(first.data, first.len);
    assert_true(hash_equal(&hash, &again));
    char *text = arena_strdup(n->a, first.data);
    buffer_free(&first);
    buffer_free(&second);
    return text;
}

static void same(net a, net b)
{
    assert_string_equal(canonical(&a), canonical(&b));
    arena_destroy(a.a);
    arena_destroy(b.a);
}

static void differ(net a, net b)
{
    assert_string_not_equal(canonical(&a), canonical(&b));
    arena_destroy(a.a);
    arena_destroy(b.a);
}

static net chain(bool padded)
{
    net n = new_net();
    int x = op(&n, "conv2d", 0, "out=4, kernel=3");
    if (padded) {
        x = op(&n, "identity", x, NULL);
        x = op(&n, "dropout", x, "rate=0");
        int dead = op(&n, "relu", x, NULL);
        op(&n, "conv2d", dead, "out=7, kernel=1");
    }
    x = op(&n, "relu", x, NULL);
    if (padded)
        op(&n, "identity", x, NULL);
    return n;
}

static void what_does_nothing_goes(void **state)
{
    (void)state;
    same(chain(false), chain(true));
    net n = new_net();
    op(&n, "dropout", op(&n, "conv2d", 0, "out=4, kernel=3"), "rate=0.5");
    net m = new_net();
    op(&m, "conv2d", 0, "out=4, kernel=3");
    differ(n, m);
}

static net fork_join(bool swapped, bool order, const char *kernel)
{
    net n = new_net();
    int a, b;
    if (order) {
        a = op(&n, "conv2d", 0, kernel);
        b = op(&n, "relu", 0, NULL);
    } else {
        b = op(&n, "relu", 0, NULL);
        a = op(&n, "conv2d", 0, kernel);
    }
    op(&n, "relu6", swapped ? add(&n, b, a) : add(&n, a, b), NULL);
    return n;
}

static void order_does_not_matter(void **state)
{
    (void)state;
    same(fork_join(false, false, "out=4, kernel=3"), fork_join(true, false, "out=4, kernel=3"));
    same(fork_join(false, false, "out=4, kernel=3"), fork_join(true, true, "out=4, kernel=3"));
    differ(fork_join(false, false, "out=4, kernel=3"), fork_join(false, false, "out=4, kernel=5"));
    differ(fork_join(false, false, "out=4, kernel=3"), fork_join(false, false, "out=4, kernel=3, weight_bits=4"));
}

/* Squeeze-and-excitation, with the gate's place in the product and an operator between. */
static net gate(const char *between, bool swapped)
{
    net n = new_net();
    int x = op(&n, "conv2d", 0, "out=4, kernel=3"), g = op(&n, "sigmoid", op(&n, "global_avg_pool", x, NULL), NULL);
    g = between ? op(&n, between, g, NULL) : g;
    swapped ? join(&n, "multiply", g, x) : join(&n, "multiply", x, g);
    return n;
}

static net zeroed(const char *after)
{
    net n = new_net();
    int z = op(&n, "zero", 0, NULL);
    add(&n, after ? op(&n, after, z, NULL) : z, op(&n, "conv2d", 0, "out=4, kernel=3"));
    return n;
}

static void products_and_gates(void **state)
{
    (void)state;
    same(gate(NULL, false), gate(NULL, true));
    same(gate("channel_shuffle", false), gate("channel_shuffle", true));
    differ(gate(NULL, false), gate("channel_shuffle", false));
    same(zeroed(NULL), zeroed("hard_swish")); /* zeros again */
    same(zeroed(NULL), zeroed("tanh"));
    differ(zeroed(NULL), zeroed("sigmoid")); /* a half */
    differ(zeroed(NULL), zeroed("hard_sigmoid"));
}

/* Two equal convolutions of one input, one of which is used again: the additions see who is who. */
static net twins(bool first, bool swapped)
{
    net n = new_net();
    int a = op(&n, "conv2d", 0, "out=4, kernel=3"), b = op(&n, "conv2d", 0, "out=4, kernel=3");
    int sum = swapped ? add(&n, b, a) : add(&n, a, b);
    add(&n, sum, op(&n, "relu", first ? a : b, NULL));
    return n;
}

static void twins_are_told_apart(void **state)
{
    (void)state;
    for (int i = 1; i < 4; i++)
        same(twins(false, false), twins(i & 1, i & 2));
    net n = new_net();
    int a = op(&n, "conv2d", 0, "out=4, kernel=3");
    add(&n, a, a);
    net m = new_net();
    add(&m, op(&m, "conv2d", 0, "out=4, kernel=3"), op(&m, "conv2d", 0, "out=4, kernel=3"));
    differ(n, m); /* one tensor twice has half the weights */
}

static void zeros(void **state)
{
    (void)state;
    /* Through what maps zero to zero; not through a bias or a batch norm. */
    net n = new_net();
    op(&n, "relu", op(&n, "conv2d", op(&n, "max_pool", op(&n, "zero", 0, NULL), "kernel=3, stride=1, padding=same"), "out=4, kernel=3, bias=false"),
       NULL);
    net m = new_net();
    op(&m, "zero", 0, NULL);
    same(n, m);
    n = new_net();
    op(&n, "batch_norm", op(&n, "zero", 0, NULL), NULL);
    m = new_net();
    op(&m, "zero", 0, NULL);
    differ(n, m);
}

/* A random network, and the same with its nodes written in another topological order and its additions turned round. */
typedef struct plan {
    int n, from[40][2], op[40];
} plan;

static plan draw_plan(rng *r)
{
    plan p = {.n = 4 + (int)rng_below(r, 30)};
    for (int i = 1; i < p.n; i++) {
        p.op[i] = (int)rng_below(r, 5);
        for (int k = 0; k < 2; k++) /* near the end, so that most of it is used */
            p.from[i][k] = i - 1 - (int)rng_below(r, (uint32_t)(i < 4 ? i : 4));
    }
    return p;
}

static net build_plan(const plan *p, rng *r)
{
    static const char *const ops[] = {"relu", "conv2d", "conv2d", "add", "add"};
    static const char *const attrs[] = {NULL, "out=4, kernel=3", "out=4, kernel=1", NULL, NULL};
    net n = new_net();
    int made[40] = {0}, done = 1;
    bool there[40] = {true};
    while (done < p->n) {
        int i = r ? 1 + (int)rng_below(r, (uint32_t)p->n - 1) : done;
        bool sum = p->op[i] >= 3;
        if (there[i] || !there[p->from[i][0]] || (sum && !there[p->from[i][1]]))
            continue;
        bool turn = r && rng_below(r, 2);
        int x = made[p->from[i][turn && sum]], y = made[p->from[i][!turn]];
        made[i] = sum ? add(&n, x, y) : op(&n, ops[p->op[i]], made[p->from[i][0]], attrs[p->op[i]]);
        there[i] = true;
        done++;
    }
    n.g->output = made[p->n - 1];
    return n;
}

static void random_isomorphisms(void **state)
{
    (void)state;
    rng r = rng_stream(3, "test", 0);
    for (int i = 0; i < 400; i++) {
        plan p = draw_plan(&r);
        same(build_plan(&p, NULL), build_plan(&p, &r));
    }
}

static void labels_survive(void **state)
{
    (void)state;
    space *s = space_of_text("stages: [{name: a, block: conv, width: 4}, {name: b, block: identity}]\n", (nn_shape){8, 8, 1}, 3);
    arena *a = arena_create();
    genome *g = genome_create(s, a);
    nn_graph *n, *c;
    hash256 hash;
    ash_error err;
    assert_int_equal(space_decode(s, g, a, &n, &err), ASH_OK);
    assert_int_equal(space_canonical(n, a, &c, &hash, &err), ASH_OK);
    assert_string_equal(c->nodes[1].block, "a conv");
    assert_string_equal(c->nodes[c->output].block, "head");
    arena_destroy(a);
    space_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_nothing_goes), cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(twins_are_told_apart),   cmocka_unit_test(zeros),
        cmocka_unit_test(products_and_gates),
        cmocka_unit_test(random_isomorphisms),    cmocka_unit_test(labels_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
