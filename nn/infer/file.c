/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - writing model files */
#include "nn/infer/file.h"
#include "core/hash.h"
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");

const char *infer_kind_tag(infer_kind kind)
{
    static const char *const tags[] = {
        NULL,
#define INFER_KIND(ident, tag) tag,
        INFER_KINDS
#undef INFER_KIND
    };
    return (size_t)kind < sizeof(tags) / sizeof(tags[0]) ? tags[kind] : NULL;
}

static void put_u8(buffer *b, int v)
{
    uint8_t byte = (uint8_t)v;
    buffer_add(b, &byte, 1);
}

static void put_u16(buffer *b, int v)
{
    uint16_t two = (uint16_t)v;
    buffer_add(b, &two, 2);
}

static void put_u32(buffer *b, int64_t v)
{
    uint32_t four = (uint32_t)v;
    buffer_add(b, &four, 4);
}

static void put_text(buffer *b, const char *text)
{
    size_t n = strlen(text) < UINT16_MAX ? strlen(text) : UINT16_MAX;
    put_u16(b, (int)n);
    buffer_add(b, text, n);
}

static void put_shape(buffer *b, nn_shape s)
{
    put_u32(b, s.h);
    put_u32(b, s.w);
    put_u32(b, s.c);
}

/* ---- the model ---- */

static void put_tensor(buffer *b, const infer_tensor *t)
{
    put_shape(b, t->shape);
    put_u8(b, t->type.bits);
    put_u8(b, t->type.is_signed);
    buffer_add(b, &t->step, sizeof(t->step));
    put_u32(b, t->offset);
}

static void put_conv(buffer *b, const nn_conv *c)
{
    const int v[] = {c->kh, c->kw, c->stride_h, c->stride_w, c->pad_top, c->pad_left, c->dilation_h, c->dilation_w, c->groups};
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        put_u32(b, v[i]);
}

/* A code in its bits: two's complement (one bit: 1 is -1), or, odd, (code + 2^bits - 1) / 2. */
static int packed_code(int code, int bits, bool odd)
{
    int mask = (1 << bits) - 1;
    return odd ? (code + mask) / 2 : bits == 1 ? code < 0 : code & mask;
}

static void put_weights(buffer *b, const infer_step *s, int rows)
{
    int64_t per_row = infer_per_row(&s->conv, s->seen[0]);
    int bits = s->weight_bits, largest = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
    bool odd = infer_weight_max(s->weights, per_row * rows) > largest;
    put_u8(b, bits);
    put_u8(b, odd);
    for (int c = 0; c < rows; c++) {
        int byte = 0, filled = 0;
        for (int64_t k = 0; k < per_row; k++) {
            byte |= packed_code(s->weights[k * rows + c], bits, odd) << filled;
            filled += bits;
            if (filled == 8 || k == per_row - 1) {
                put_u8(b, byte);
                byte = filled = 0;
            }
        }
    }
}

static void put_requant(buffer *b, const infer_step *s, int channels)
{
    const infer_requant *r = &s->requant;
    size_t n = (size_t)channels, factors = s->kind == INFER_ADD ? (size_t)s->n_inputs : 1;
    buffer_add(b, r->m, factors * n * sizeof(*r->m));
    buffer_add(b, r->bias, n * sizeof(*r->bias));
    buffer_add(b, r->shift, n);
    put_u16(b, r->low);
    put_u16(b, r->high);
}

static void put_step(buffer *b, const infer_step *s, const infer_model *m, const infer_tensor *y)
{
    buffer_add(b, infer_kind_tag(s->kind), 4);
    put_u8(b, s->n_inputs);
    for (int k = 0; k < s->n_inputs; k++) {
        put_u16(b, s->inputs[k]);
        put_shape(b, s->seen[k]);
    }
    if (infer_has_conv(s->kind))
        put_conv(b, &s->conv);
    if (s->kind == INFER_LINEAR)
        put_weights(b, s, y->shape.c);
    if (infer_has_requant(s->kind) && y->type.bits < 32)
        put_requant(b, s, y->shape.c);
    if (s->kind == INFER_TABLE)
        buffer_add(b, s->table, ((size_t)1 << m->tensors[s->inputs[0]].type.bits) * sizeof(*s->table));
}

static void put_model(buffer *b, const infer_model *m)
{
    size_t channels = (size_t)m->tensors[m->n_tensors - 1].shape.c;
    put_u32(b, m->arena_bytes);
    put_u16(b, m->n_tensors);
    for (int i = 0; i < m->n_tensors; i++)
        put_tensor(b, &m->tensors[i]);
    for (int k = 0; k < m->n_tensors - 1; k++)
        put_step(b, &m->steps[k], m, &m->tensors[k + 1]);
    buffer_add(b, m->scale, channels * sizeof(*m->scale));
    buffer_add(b, m->offset, channels * sizeof(*m->offset));
}

/* ---- what it is about ---- */

static void put_about(buffer *b, const infer_about *a)
{
    put_text(b, a->name);
    put_u8(b, (int)a->answer);
    put_u32(b, (int64_t)a->n_norm);
    buffer_add(b, a->mean, a->n_norm * sizeof(*a->mean));
    buffer_add(b, a->scale, a->n_norm * sizeof(*a->scale));
    buffer_add(b, a->missing, a->channels * sizeof(*a->missing));
    if (a->answer == INFER_VALUES) {
        buffer_add(b, a->out_mean, a->outputs * sizeof(*a->out_mean));
        buffer_add(b, a->out_std, a->outputs * sizeof(*a->out_std));
    }
    put_u8(b, a->names != NULL);
    for (size_t i = 0; a->names && i < a->outputs; i++)
        put_text(b, a->names[i]);
}

void infer_write(const infer_model *m, const infer_about *about, buffer *out)
{
    size_t start = out->len;
    buffer_puts(out, INFER_FILE_MAGIC);
    put_u32(out, INFER_FILE_VERSION);
    put_model(out, m);
    put_about(out, about);
    if (out->failed)
        return;
    hash256 hash = hash_of_bytes(out->data + start, out->len - start);
    buffer_add(out, hash.b, sizeof(hash.b));
}
