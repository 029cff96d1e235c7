/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file_read.c - reading model files, which anyone may have written
 *
 * Every number that sizes something is held against the bytes that are left before memory is asked for; what the numbers mean together is
 * infer_check's affair. */
#include "core/hash.h"
#include "nn/infer/file.h"
#include <math.h>
#include <string.h>

typedef struct reader {
    const uint8_t *p;
    size_t left;
    bool bad;       /* ran out of bytes */
    bool no_memory; /* which, when it came first, made the rest bad */
    arena *arena;
    infer_model *m;
    infer_about *about;
    ash_error *err;
} reader;

static void get(reader *r, void *to, size_t n)
{
    if (n > r->left) {
        r->bad = true;
        memset(to, 0, n);
        return;
    }
    memcpy(to, r->p, n);
    r->p += n;
    r->left -= n;
}

static int get_u8(reader *r)
{
    uint8_t v;
    get(r, &v, 1);
    return v;
}

static int get_u16(reader *r)
{
    uint16_t v;
    get(r, &v, 2);
    return v;
}

static int get_i16(reader *r)
{
    int16_t v;
    get(r, &v, 2);
    return v;
}

/* Numbers in the file are far below 2^31; larger ones become one that every check refuses. */
static int get_u32(reader *r)
{
    uint32_t v;
    get(r, &v, 4);
    return v > INT32_MAX ? -1 : (int)v;
}

static nn_shape get_shape(reader *r)
{
    nn_shape s;
    s.h = get_u32(r);
    s.w = get_u32(r);
    s.c = get_u32(r);
    return s;
}

/* `count` values of `size` bytes in the arena; NULL: too few bytes are left, or no memory. */
static void *get_array(reader *r, size_t count, size_t size)
{
    if (count > r->left / size) {
        r->bad = true;
        return NULL;
    }
    void *v = arena_alloc_array(r->arena, count + 1, size);
    if (v)
        get(r, v, count * size);
    r->no_memory |= !v && !r->bad;
    return v;
}

static const char *get_text(reader *r)
{
    size_t n = (size_t)get_u16(r);
    char *text = get_array(r, n, 1); /* with a zero behind it */
    if (text && strlen(text) != n)
        r->bad = true;
    return text;
}

/* After a NULL. */
static ash_status failed(const reader *r)
{
    return r->bad && !r->no_memory ? ash_fail(r->err, ASH_INVALID, "the model ends too early or holds numbers that do not fit together") : ash_fail_memory(r->err);
}

/* ---- steps ---- */

static int unpacked_code(int packed, int bits, bool odd)
{
    int mask = (1 << bits) - 1;
    if (odd)
        return 2 * packed - mask;
    if (bits == 1)
        return packed ? -1 : 1;
    return packed >> (bits - 1) ? packed - (1 << bits) : packed;
}

static void unpack_row(int8_t *to, const uint8_t *row, int64_t per_row, int rows, int bits, bool odd)
{
    for (int64_t k = 0; k < per_row; k++) {
        int64_t bit = k * bits;
        to[k * rows] = (int8_t)unpacked_code(row[bit / 8] >> bit % 8 & ((1 << bits) - 1), bits, odd);
    }
}

static ash_status read_weights(reader *r, infer_step *s, int rows)
{
    int bits = s->weight_bits = get_u8(r), odd = get_u8(r);
    const nn_conv *g = &s->conv;
    if ((bits != 1 && bits != 2 && bits != 4 && bits != 8) || odd > (bits == 2 || bits == 4))
        return ash_fail(r->err, ASH_INVALID, "the model has weights of %d bits in form %d", bits, odd);
    if (g->kh < 1 || g->kw < 1 || g->groups < 1 || s->seen[0].c % g->groups ||
        (double)g->kh * g->kw * (s->seen[0].c / g->groups) * rows * bits > 8.0 * (double)r->left) {
        r->bad = true;
        return failed(r);
    }
    int64_t per_row = infer_per_row(g, s->seen[0]);
    size_t row_bytes = infer_row_bytes(per_row, bits);
    if (row_bytes > r->left / (size_t)rows) {
        r->bad = true;
        return failed(r);
    }
    int8_t *weights = arena_alloc_array(r->arena, (size_t)per_row * (size_t)rows, 1);
    if (!weights)
        return ash_fail_memory(r->err);
    for (int c = 0; c < rows; c++)
        unpack_row(weights + c, r->p + (size_t)c * row_bytes, per_row, rows, bits, odd);
    r->p += row_bytes * (size_t)rows;
    r->left -= row_bytes * (size_t)rows;
    s->weights = weights;
    return ASH_OK;
}

static ash_status read_requant(reader *r, infer_step *s, int channels)
{
    infer_requant *q = &s->requant;
    size_t n = (size_t)channels, factors = s->kind == INFER_ADD ? (size_t)s->n_inputs : 1;
    q->m = get_array(r, factors * n, sizeof(*q->m));
    q->bias = get_array(r, n, sizeof(*q->bias));
    q->shift = get_array(r, n, 1);
    q->low = get_i16(r);
    q->high = get_i16(r);
    return q->m && q->bias && q->shift && !r->bad ? ASH_OK : failed(r);
}

static infer_kind kind_of_tag(const char *tag)
{
    infer_kind kind = INFER_LINEAR;
    while (infer_kind_tag(kind) && memcmp(infer_kind_tag(kind), tag, 4) != 0)
        kind++;
    return infer_kind_tag(kind) ? kind : INFER_NONE;
}

static void get_conv(reader *r, nn_conv *c)
{
    int *const v[] = {&c->kh, &c->kw, &c->stride_h, &c->stride_w, &c->pad_top, &c->pad_left, &c->dilation_h, &c->dilation_w, &c->groups};
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        *v[i] = get_u32(r);
}

static ash_status read_step(reader *r, int k)
{
    infer_step *s = &r->m->steps[k];
    const infer_tensor *y = &r->m->tensors[k + 1];
    char tag[4];
    get(r, tag, sizeof(tag));
    s->kind = kind_of_tag(tag);
    s->n_inputs = get_u8(r);
    if (s->kind == INFER_NONE || s->n_inputs < 1 || s->n_inputs > NN_MAX_INPUTS)
        return r->bad ? failed(r) : ash_fail(r->err, ASH_INVALID, "step %d of the model is of no kind", k + 1);
    for (int i = 0; i < s->n_inputs; i++) {
        s->inputs[i] = get_u16(r);
        s->seen[i] = get_shape(r);
        if (s->inputs[i] > k || !infer_is_shape(s->seen[i]))
            return r->bad ? failed(r) : ash_fail(r->err, ASH_INVALID, "step %d of the model reads what is not there", k + 1);
    }
    if (infer_has_conv(s->kind))
        get_conv(r, &s->conv);
    if (s->kind == INFER_LINEAR && read_weights(r, s, y->shape.c) != ASH_OK)
        return r->err->status;
    if (infer_has_requant(s->kind) && y->type.bits < 32 && read_requant(r, s, y->shape.c) != ASH_OK)
        return r->err->status;
    if (s->kind == INFER_TABLE && !(s->table = get_array(r, (size_t)1 << r->m->tensors[s->inputs[0]].type.bits, sizeof(*s->table))))
        return failed(r);
    return r->bad ? failed(r) : ASH_OK;
}

/* ---- the model ---- */

static ash_status read_model(reader *r)
{
    infer_model *m = r->m;
    m->arena_bytes = get_u32(r);
    m->n_tensors = get_u16(r);
    m->tensors = ARENA_NEW(r->arena, infer_tensor, (size_t)m->n_tensors + 1);
    m->steps = ARENA_NEW(r->arena, infer_step, (size_t)m->n_tensors + 1);
    if (!m->tensors || !m->steps)
        return ash_fail_memory(r->err);
    for (int i = 0; i < m->n_tensors && !r->bad; i++) {
        infer_tensor *t = &m->tensors[i];
        t->shape = get_shape(r);
        t->type.bits = get_u8(r);
        t->type.is_signed = get_u8(r) == 1;
        get(r, &t->step, sizeof(t->step));
        t->offset = get_u32(r);
        t->node = -1;
    }
    if (r->bad)
        return failed(r);
    if (infer_check_tensors(m, r->err) != ASH_OK)
        return r->err->status;
    for (int k = 0; k < m->n_tensors - 1; k++)
        if (read_step(r, k) != ASH_OK)
            return r->err->status;
    size_t channels = (size_t)m->tensors[m->n_tensors - 1].shape.c;
    m->scale = get_array(r, channels, sizeof(*m->scale));
    m->offset = get_array(r, channels, sizeof(*m->offset));
    return m->scale && m->offset ? infer_check(m, r->err) : failed(r);
}

static bool are_finite(const float *v, size_t n)
{
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite &= isfinite(v[i]) != 0;
    return finite;
}

static ash_status read_names(reader *r)
{
    infer_about *a = r->about;
    int has = get_u8(r);
    if (has > 1)
        r->bad = true;
    if (has != 1)
        return r->bad ? failed(r) : ASH_OK;
    if (a->outputs > r->left / 2) { /* a name has two bytes at least */
        r->bad = true;
        return failed(r);
    }
    const char **names = ARENA_NEW(r->arena, const char *, a->outputs);
    for (size_t i = 0; names && i < a->outputs; i++)
        if (!(names[i] = get_text(r)))
            return failed(r);
    a->names = names;
    return names && !r->bad ? ASH_OK : failed(r);
}

static ash_status read_about(reader *r)
{
    infer_about *a = r->about;
    a->name = get_text(r);
    a->answer = (infer_answer)get_u8(r);
    a->sample = (size_t)nn_elements(r->m->tensors[0].shape);
    a->channels = (size_t)r->m->tensors[0].shape.c;
    a->outputs = (size_t)nn_elements(r->m->tensors[r->m->n_tensors - 1].shape);
    a->n_norm = (size_t)get_u32(r);
    if (a->answer > INFER_SAMPLE || (a->n_norm && a->n_norm != a->channels && a->n_norm != a->sample) ||
        (a->answer == INFER_SAMPLE && a->outputs != a->sample))
        r->bad = true;
    if (r->bad || !a->name)
        return failed(r);
    a->mean = get_array(r, a->n_norm, sizeof(*a->mean));
    a->scale = get_array(r, a->n_norm, sizeof(*a->scale));
    a->missing = get_array(r, a->channels, sizeof(*a->missing));
    if (!a->mean || !a->scale || !a->missing)
        return failed(r);
    if (!are_finite(a->mean, a->n_norm) || !are_finite(a->scale, a->n_norm) || !are_finite(a->missing, a->channels))
        return ash_fail(r->err, ASH_INVALID, "the model normalises by numbers that are not finite");
    if (a->answer == INFER_VALUES) {
        a->out_mean = get_array(r, a->outputs, sizeof(*a->out_mean));
        a->out_std = get_array(r, a->outputs, sizeof(*a->out_std));
        if (!a->out_mean || !a->out_std)
            return failed(r);
    }
    return read_names(r);
}

static ash_status check_envelope(reader *r)
{
    size_t magic = strlen(INFER_FILE_MAGIC);
    hash256 hash;
    if (r->left < magic || memcmp(r->p, INFER_FILE_MAGIC, magic) != 0)
        return ash_fail(r->err, ASH_INVALID, "this is no Ashlar model file");
    r->p += magic;
    r->left -= magic;
    int version = get_u32(r);
    if (!r->bad && version != INFER_FILE_VERSION)
        return ash_fail(r->err, ASH_INVALID, "the model file has version %d, this program reads version %d", version, INFER_FILE_VERSION);
    if (r->bad || r->left < sizeof(hash.b))
        return ash_fail(r->err, ASH_INVALID, "the model file is cut short");
    r->left -= sizeof(hash.b);
    hash = hash_of_bytes(r->p - magic - 4, magic + 4 + r->left);
    if (memcmp(hash.b, r->p + r->left, sizeof(hash.b)) != 0)
        return ash_fail(r->err, ASH_INVALID, "the model file is cut short or damaged: its checksum is another");
    return ASH_OK;
}

ash_status infer_read(const void *bytes, size_t n, arena *a, infer_model **m, infer_about **about, ash_error *err)
{
    reader r = {.p = bytes, .left = n, .arena = a, .m = ARENA_NEW(a, infer_model, 1), .about = ARENA_NEW(a, infer_about, 1), .err = err};
    if (!r.m || !r.about)
        return ash_fail_memory(err);
    if (check_envelope(&r) != ASH_OK || read_model(&r) != ASH_OK || read_about(&r) != ASH_OK)
        return err->status;
    if (r.left)
        return ash_fail(err, ASH_INVALID, "the model file has %zu bytes too many", r.left);
    *m = r.m;
    *about = r.about;
    return ASH_OK;
}
