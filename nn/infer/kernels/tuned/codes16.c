/* SPDX-License-Identifier: GPL-3.0-or-later */
/* codes16.c - codes as they lie to int16 and back, for the steps that are not linear */
#include "nn/infer/kernels/tuned/pack.h"

INLINE void unpack_some(int16_t *codes, const uint8_t *bytes, size_t n, const int bits, const bool is_signed)
{
    int flip = is_signed && bits > 1 ? 1 << (bits - 1) : 0; /* (field ^ flip) - flip extends a sign; one bit signed is 1 - 2 field */
    int scale = is_signed && bits == 1 ? -2 : 1, offset = scale < 0;
    for (; n; codes += CHUNK, bytes += CHUNK / 8 * bits) {
        size_t some = n < CHUNK ? n : CHUNK;
        uint8_t fields[CHUNK], last[CHUNK] = {0};
        if (some < CHUNK)
            memcpy(last, bytes, codes_bytes(some, bits));
        word_vec x = spread(some < CHUNK ? last : bytes, bits);
        memcpy(fields, &x, sizeof x);
        if (some == CHUNK)
            for (int i = 0; i < CHUNK; i++)
                codes[i] = (int16_t)(offset + scale * ((fields[i] ^ flip) - flip));
        else
            for (size_t i = 0; i < some; i++)
                codes[i] = (int16_t)(offset + scale * ((fields[i] ^ flip) - flip));
        n -= some;
    }
}

void layer_unpack16(int16_t *restrict codes, const uint8_t *restrict bytes, size_t n, infer_type t)
{
    if (t.bits == 1)
        unpack_some(codes, bytes, n, 1, t.is_signed);
    else if (t.bits == 2)
        unpack_some(codes, bytes, n, 2, t.is_signed);
    else if (t.bits == 4)
        unpack_some(codes, bytes, n, 4, t.is_signed);
    else if (t.is_signed)
        for (size_t i = 0; i < n; i++)
            codes[i] = (int8_t)bytes[i];
    else
        for (size_t i = 0; i < n; i++)
            codes[i] = bytes[i];
}

INLINE void pack_some(uint8_t *bytes, const int16_t *codes, size_t n, const int bits, const int from)
{
    for (; n; codes += CHUNK, bytes += CHUNK / 8 * bits) {
        size_t some = n < CHUNK ? n : CHUNK;
        uint8_t fields[CHUNK] = {0}, last[CHUNK];
        if (some == CHUNK)
            for (int i = 0; i < CHUNK; i++)
                fields[i] = (uint8_t)(codes[i] >> from);
        else
            for (size_t i = 0; i < some; i++)
                fields[i] = (uint8_t)(codes[i] >> from);
        word_vec x;
        memcpy(&x, fields, sizeof x);
        squeeze(some < CHUNK ? last : bytes, x, bits);
        if (some < CHUNK)
            memcpy(bytes, last, codes_bytes(some, bits));
        n -= some;
    }
}

void layer_pack16(uint8_t *restrict bytes, const int16_t *restrict codes, size_t n, infer_type t)
{
    if (t.bits == 1)
        pack_some(bytes, codes, n, 1, t.is_signed ? 15 : 0); /* the sign, or the code */
    else if (t.bits == 2)
        pack_some(bytes, codes, n, 2, 0);
    else if (t.bits == 4)
        pack_some(bytes, codes, n, 4, 0);
    else
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)codes[i];
}
