/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.c - see npy.h */
#include "data/npy.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEADER = 1 << 16, CHUNK = 1 << 16, PREFIX = 12 };

/* ---- bytes, from a file or a member ---- */

static ash_status read_bytes(npy_array *y, void *bytes, size_t n, size_t *got, ash_error *err)
{
    if (!y->member)
        return data_file_read(&y->file, bytes, n, got, err);
    for (*got = 0; *got < n;) {
        zip_int64_t r = zip_fread(y->member, (char *)bytes + *got, n - *got);
        if (r < 0)
            return ash_fail(err, ASH_INVALID, "%s: cannot be unpacked: %s; write the file again", y->name, zip_file_strerror(y->member));
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return ASH_OK;
}

/* ---- the header ---- */

typedef struct scanner { /* over the text of the dict, which ends with a NUL */
    const char *at;
} scanner;

static bool next_is(scanner *s, char c)
{
    while (isspace((unsigned char)*s->at))
        s->at++;
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

static bool scan_string(scanner *s, char *out, size_t room)
{
    char quote = next_is(s, '\'') ? '\'' : next_is(s, '"') ? '"' : 0;
    const char *end = quote ? strchr(s->at, quote) : NULL;
    if (!end || (size_t)(end - s->at) >= room)
        return false;
    memcpy(out, s->at, (size_t)(end - s->at));
    out[end - s->at] = '\0';
    s->at = end + 1;
    return true;
}

static bool scan_bool(scanner *s, bool *out)
{
    next_is(s, ' ');
    *out = strncmp(s->at, "True", 4) == 0;
    if (!*out && strncmp(s->at, "False", 5) != 0)
        return false;
    s->at += *out ? 4 : 5;
    return true;
}

static ash_status bad_header(const npy_array *y, ash_error *err)
{
    return ash_fail(err, ASH_INVALID, "%s: the NPY header cannot be read; write the array again with numpy.save", y->name);
}

static ash_status scan_shape(npy_array *y, scanner *s, ash_error *err)
{
    y->n_dims = 0;
    if (!next_is(s, '('))
        return bad_header(y, err);
    while (!next_is(s, ')')) {
        char *end;
        next_is(s, ' ');
        if (!isdigit((unsigned char)*s->at))
            return bad_header(y, err);
        if (y->n_dims == NPY_MOST_DIMS)
            return ash_fail(err, ASH_INVALID, "%s: has more than %d dimensions", y->name, NPY_MOST_DIMS);
        y->dims[y->n_dims++] = strtoull(s->at, &end, 10); /* ULLONG_MAX when too large: refused below */
        s->at = *end == 'L' ? end + 1 : end;              /* Python 2 */
        if (!next_is(s, ',') && *s->at != ')')
            return bad_header(y, err);
    }
    return ASH_OK;
}

static ash_status scan_type(npy_array *y, scanner *s, ash_error *err)
{
    char text[64];
    if (next_is(s, '['))
        return ash_fail(err, ASH_INVALID, "%s: holds records of several fields; save each field as an array of numbers", y->name);
    if (!scan_string(s, text, sizeof text))
        return bad_header(y, err);
    const char *p = text;
    y->big_endian = *p == '>';
    p += strchr("<>|=", *p) && *p;
    char *end;
    long bytes = *p ? strtol(p + 1, &end, 10) : 0;
    if (*p == 'O')
        return ash_fail(err, ASH_INVALID,
                        "%s: holds Python objects (dtype object), which are not read, as unpickling them could run any code; "
                        "numpy.array(x, dtype=\"float32\") makes numbers of them if all have one shape",
                        y->name);
    if (*p == 'U' || *p == 'S' || *p == 'a')
        return ash_fail(err, ASH_INVALID,
                        "%s: holds text (dtype %s); save numbers: names, y = numpy.unique(y, return_inverse=True), and give the "
                        "names as data.classes",
                        y->name, text);
    bool known = *p && !*end &&
                 ((*p == 'b' && bytes == 1) || ((*p == 'u' || *p == 'i') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8)) ||
                  (*p == 'f' && (bytes == 2 || bytes == 4 || bytes == 8)));
    if (!known)
        return ash_fail(err, ASH_INVALID,
                        "%s: holds elements of dtype \"%s\"; bool, integers and floats of 16, 32 or 64 bits can be read: save "
                        "x.astype(\"float32\")",
                        y->name, text);
    y->kind = *p;
    y->bytes = (int)bytes;
    return ASH_OK;
}

static ash_status scan_header(npy_array *y, const char *text, ash_error *err)
{
    scanner s = {text};
    char key[32];
    unsigned seen = 0;
    if (!next_is(&s, '{'))
        return bad_header(y, err);
    while (!next_is(&s, '}')) {
        if (!scan_string(&s, key, sizeof key) || !next_is(&s, ':'))
            return bad_header(y, err);
        ash_status status = ASH_OK;
        if (strcmp(key, "descr") == 0) {
            seen |= 1;
            status = scan_type(y, &s, err);
        } else if (strcmp(key, "shape") == 0) {
            seen |= 2;
            status = scan_shape(y, &s, err);
        } else if (strcmp(key, "fortran_order") == 0 && scan_bool(&s, &y->fortran)) {
            seen |= 4;
        } else {
            return bad_header(y, err);
        }
        if (status != ASH_OK)
            return status;
        if (!next_is(&s, ',') && *s.at != '}')
            return bad_header(y, err);
    }
    return seen == 7 ? ASH_OK : bad_header(y, err);
}

/* `most`: bytes that can follow the first `begun`; exact when the size is known. */
static ash_status check_size(npy_array *y, uint64_t begun, uint64_t most, bool exact, ash_error *err)
{
    y->count = 1;
    for (int i = 0; i < y->n_dims; i++) {
        if (y->dims[i] == 0)
            return ash_fail(err, ASH_INVALID, "%s: dimension %d is 0: the array holds nothing", y->name, i + 1);
        if (y->count > UINT64_MAX / 16 / y->dims[i]) /* 16: room for bytes and for doubles */
            return ash_fail(err, ASH_INVALID, "%s: the header claims an impossible size", y->name);
        y->count *= y->dims[i];
    }
    uint64_t needs = y->count * (uint64_t)y->bytes;
    if (begun > most || needs > most - begun)
        return ash_fail(err, ASH_INVALID, "%s: truncated: the header promises %llu bytes of elements, %s %llu", y->name,
                        (unsigned long long)needs, exact ? "there are" : "there can be at most",
                        (unsigned long long)(begun > most ? 0 : most - begun));
    return ASH_OK;
}

static ash_status read_header(npy_array *y, uint64_t most, bool exact, ash_error *err)
{
    uint8_t p[PREFIX];
    size_t got;
    ash_status s = read_bytes(y, p, 10, &got, err);
    if (s != ASH_OK)
        return s;
    if (got < 10 || memcmp(p, "\x93NUMPY", 6) != 0)
        return ash_fail(err, ASH_INVALID, "%s: not a NumPy array: it does not begin as numpy.save writes it", y->name);
    if (p[6] < 1 || p[6] > 3)
        return ash_fail(err, ASH_INVALID, "%s: NPY format version %d; 1 to 3 can be read", y->name, p[6]);
    size_t begun = p[6] == 1 ? 10 : 12, length = p[8] | (size_t)p[9] << 8;
    if (begun == 12) {
        s = read_bytes(y, p + 10, 2, &got, err);
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
        if (s != ASH_OK || got < 2)
            return s != ASH_OK ? s : bad_header(y, err);
    }
    if (length > MOST_HEADER)
        return bad_header(y, err);
    char *text = malloc(length + 1);
    if (!text)
        return ash_fail_memory(err);
    s = read_bytes(y, text, length, &got, err);
    if (s == ASH_OK) {
        text[got] = '\0';
        s = got < length ? bad_header(y, err) : scan_header(y, text, err);
    }
    free(text);
    return s == ASH_OK ? check_size(y, begun + length, most, exact, err) : s;
}

/* ---- opening ---- */

ash_status npy_open(npy_array *y, const char *path, ash_error *err)
{
    memset(y, 0, sizeof *y);
    y->name = path;
    ash_status s = data_file_open(&y->file, path, err);
    return s == ASH_OK ? read_header(y, y->file.most, !y->file.compressed, err) : s;
}

ash_status npy_open_member(npy_array *y, zip_t *archive, const char *member, const char *name, ash_error *err)
{
    zip_stat_t stat;
    memset(y, 0, sizeof *y);
    y->name = name;
    zip_stat_init(&stat);
    zip_int64_t i = zip_name_locate(archive, member, 0);
    if (i < 0 || zip_stat_index(archive, (zip_uint64_t)i, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        !(y->member = zip_fopen_index(archive, (zip_uint64_t)i, 0)))
        return ash_fail(err, ASH_INVALID, "%s: cannot be unpacked: %s", name, zip_strerror(archive));
    uint64_t most = stat.size;
    bool bounded = stat.valid & ZIP_STAT_COMP_SIZE && stat.comp_size < UINT64_MAX / DATA_DEFLATE_RATIO;
    if (bounded && stat.comp_size * DATA_DEFLATE_RATIO < most) /* the archive's own claim */
        most = stat.comp_size * DATA_DEFLATE_RATIO;
    return read_header(y, most, true, err);
}

void npy_close(npy_array *y)
{
    if (y->member)
        zip_fclose(y->member);
    y->member = NULL;
    data_file_close(&y->file);
}

/* ---- elements ---- */

static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    double v = exponent == 31 ? (mantissa ? NAN : INFINITY) : exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    return bits >> 15 ? -v : v;
}

static double value(const npy_array *y, const uint8_t *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < y->bytes; i++)
        bits |= (uint64_t)p[y->big_endian ? y->bytes - 1 - i : i] << 8 * i;
    switch (y->kind) {
    case 'b': return bits != 0;
    case 'u': return (double)bits;
    case 'i': return (double)((int64_t)(bits << (64 - 8 * y->bytes)) >> (64 - 8 * y->bytes));
    default: break;
    }
    if (y->bytes == 2)
        return half((uint16_t)bits);
    if (y->bytes == 4) {
        uint32_t word = (uint32_t)bits;
        float f;
        memcpy(&f, &word, sizeof f);
        return f;
    }
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

typedef struct walker { /* from the order of the file to C order */
    uint64_t index[NPY_MOST_DIMS], stride[NPY_MOST_DIMS], place;
} walker;

static void walk(const npy_array *y, walker *w)
{
    if (!y->fortran) {
        w->place++;
        return;
    }
    for (int d = 0; d < y->n_dims; d++) { /* the first index runs fastest */
        w->place += w->stride[d];
        if (++w->index[d] < y->dims[d])
            return;
        w->place -= w->stride[d] * y->dims[d];
        w->index[d] = 0;
    }
}

ash_status npy_read(npy_array *y, ash_status (*use)(void *ctx, uint64_t i, double v, ash_error *err), void *ctx, ash_error *err)
{
    uint8_t chunk[CHUNK];
    size_t bytes = (size_t)y->bytes, got;
    walker w = {.place = 0};
    for (int d = y->n_dims - 1; d >= 0; d--)
        w.stride[d] = d == y->n_dims - 1 ? 1 : w.stride[d + 1] * y->dims[d + 1];
    ash_status s = ASH_OK;
    for (uint64_t i = 0; i < y->count && s == ASH_OK;) {
        uint64_t left = y->count - i;
        size_t n = left < CHUNK / bytes ? (size_t)left : CHUNK / bytes;
        s = read_bytes(y, chunk, n * bytes, &got, err);
        if (s == ASH_OK && got < n * bytes)
            s = ash_fail(err, ASH_INVALID, "%s: truncated: %llu of the %llu elements that the header promises", y->name,
                         (unsigned long long)(i + got / bytes), (unsigned long long)y->count);
        for (size_t j = 0; j < n && s == ASH_OK; j++, walk(y, &w))
            s = use(ctx, w.place, value(y, chunk + j * bytes), err);
        i += n;
    }
    if (s == ASH_OK) /* at the end, the checksum is verified too */
        s = read_bytes(y, chunk, 1, &got, err);
    if (s == ASH_OK && got)
        s = ash_fail(err, ASH_INVALID, "%s: bytes follow the last element that the header promises", y->name);
    return s;
}

const char *npy_type_name(const npy_array *y)
{
    return y->kind == 'f' ? "float" : y->kind == 'b' ? "bool" : y->kind == 'u' ? "unsigned integer" : "signed integer";
}
