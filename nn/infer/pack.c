/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.c - see pack.h; a loop per width, which compilers turn into vectors */
#include "nn/infer/pack.h"

static void unpack_bytes(int16_t *codes, const uint8_t *bytes, size_t n, bool is_signed)
{
    if (is_signed)
        for (size_t i = 0; i < n; i++)
            codes[i] = (int8_t)bytes[i];
    else
        for (size_t i = 0; i < n; i++)
            codes[i] = bytes[i];
}

/* code = (bits ^ flip) - flip extends a sign; one bit signed is 1 - 2 bit. */
static inline void unpack_some(int16_t *codes, const uint8_t *bytes, size_t n, int bits, int scale, int offset, int flip)
{
    int per_byte = 8 / bits, mask = (1 << bits) - 1;
    for (size_t i = 0; i < n; i++)
        codes[i] = (int16_t)(offset + scale * (((bytes[i / (size_t)per_byte] >> (i % (size_t)per_byte * (size_t)bits) & mask) ^ flip) - flip));
}

void infer_unpack(int16_t *codes, const uint8_t *bytes, size_t n, infer_type t)
{
    switch (t.bits) {
    case 8: unpack_bytes(codes, bytes, n, t.is_signed); break;
    case 4: unpack_some(codes, bytes, n, 4, 1, 0, t.is_signed ? 8 : 0); break;
    case 2: unpack_some(codes, bytes, n, 2, 1, 0, t.is_signed ? 2 : 0); break;
    default: unpack_some(codes, bytes, n, 1, t.is_signed ? -2 : 1, t.is_signed ? 1 : 0, 0); break;
    }
}

static inline void pack_some(uint8_t *bytes, const int16_t *codes, size_t n, int bits, bool sign)
{
    size_t per_byte = 8 / (size_t)bits, whole = n / per_byte;
    int mask = (1 << bits) - 1;
    for (size_t b = 0; b < whole + (n % per_byte > 0); b++) {
        size_t here = b < whole ? per_byte : n % per_byte;
        int byte = 0;
        for (size_t k = 0; k < here; k++) {
            int code = codes[b * per_byte + k];
            byte |= (sign ? code < 0 : code & mask) << (k * (size_t)bits);
        }
        bytes[b] = (uint8_t)byte;
    }
}

void infer_pack(uint8_t *bytes, const int16_t *codes, size_t n, infer_type t)
{
    switch (t.bits) {
    case 8: pack_some(bytes, codes, n, 8, false); break;
    case 4: pack_some(bytes, codes, n, 4, false); break;
    case 2: pack_some(bytes, codes, n, 2, false); break;
    default: pack_some(bytes, codes, n, 1, t.is_signed); break;
    }
}
