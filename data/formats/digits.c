/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits.c - the UCI optical digits, built into the program
 *
 * 1,797 images of 8 x 8, values 0 to 16, ten classes (E. Alpaydin, C. Kaynak; CC BY 4.0;
 * data/digits/README.md). The build turns digits.csv.gz into an array; here it is inflated and parsed as
 * strictly as a file of a user's would be. */
#include "data/format.h"
#include <string.h>
#include <zlib.h>

extern const unsigned char data_digits_gz[];
extern const size_t data_digits_gz_size;

enum {
    SAMPLES = 1797,
    SIDE = 8,
    PIXELS = SIDE * SIDE,
    CLASSES = 10,
    DARKEST = 16,
    TEXT_MOST = SAMPLES * (PIXELS + 1) * 3
};

static const char *const names[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
static const option_table no_options = {"digits", NULL, 0, 0};

static voidpf take(voidpf scratch, uInt count, uInt size)
{
    return arena_alloc_array(scratch, count, size);
}
static void give(voidpf scratch, voidpf p)
{
    (void)scratch, (void)p;
}

static ash_status inflate_all(char *text, size_t room, size_t *length, arena *scratch, ash_error *err)
{
    z_stream z = {.zalloc = take, .zfree = give, .opaque = scratch};
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return ash_fail_memory(err);
    z.next_in = (z_const Bytef *)data_digits_gz;
    z.avail_in = (uInt)data_digits_gz_size;
    z.next_out = (Bytef *)text;
    z.avail_out = (uInt)room;
    int r = inflate(&z, Z_FINISH);
    *length = room - z.avail_out;
    inflateEnd(&z);
    if (r == Z_MEM_ERROR)
        return ash_fail_memory(err);
    return r == Z_STREAM_END ? ASH_OK
                             : ash_fail(err, ASH_BROKEN, "the built-in digits are damaged; build again");
}

/* One whole number up to `most`, then `end`. */
static bool number(const char **at, int most, char end, int *out)
{
    int v = 0;
    const char *p = *at;
    if (*p < '0' || *p > '9')
        return false;
    while (*p >= '0' && *p <= '9' && v <= most)
        v = 10 * v + (*p++ - '0');
    if (v > most || *p != end)
        return false;
    *at = p + 1;
    *out = v;
    return true;
}

static bool parse(const char *text, size_t length, data_raw *raw)
{
    const char *p = text, *end = text + length;
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t j = 0; j < PIXELS; j++) {
            int v;
            if (p >= end || !number(&p, DARKEST, ',', &v))
                return false;
            raw->x[i * PIXELS + j] = (float)v;
        }
        if (p >= end || !number(&p, CLASSES - 1, '\n', &raw->label[i]))
            return false;
    }
    return p == end;
}

static ash_status read_digits(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    (void)settings, (void)map;
    *out = (data_raw){.name = "digits",
                      .task = DATA_CLASSIFICATION,
                      .is_image = true,
                      .h = SIDE,
                      .w = SIDE,
                      .c = 1,
                      .n_outputs = CLASSES,
                      .n = SAMPLES,
                      .class_names = names};
    out->x = ARENA_NEW(a, float, SAMPLES *PIXELS);
    out->label = ARENA_NEW(a, int32_t, SAMPLES);
    arena *scratch = arena_create();
    char *text = scratch ? arena_alloc(scratch, TEXT_MOST + 1) : NULL;
    size_t length = 0;
    ash_status s;
    if (!out->x || !out->label || !text)
        s = ash_fail_memory(err);
    else
        s = inflate_all(text, TEXT_MOST, &length, scratch, err);
    if (s == ASH_OK && !parse(text, length, out))
        s = ash_fail(err, ASH_BROKEN, "the built-in digits are damaged; build again");
    arena_destroy(scratch);
    return s;
}

const data_format data_format_digits = {
    .name = "digits",
    .help = "1,797 handwritten digits of 8x8, built into the program",
    .options = &no_options,
    .read = read_digits,
};
