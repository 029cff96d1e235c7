/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.h - an array in NumPy's file format, from a file or from a member of a .npz archive
 *
 * Format versions 1 to 3 (NumPy Enhancement Proposal 1, numpy.lib.format): a magic string, the header's length, the header as a Python dict
 * with descr, fortran_order and shape, then the elements. Read are bool, signed and unsigned integers of 1 to 8 bytes and floats of 2, 4 and 8
 * bytes, of either byte order, in C or Fortran order. Objects (pickled Python, which could run code), structured types, text, complex numbers and
 * dates are refused. The header is compared with the size of what holds it before any memory is taken for the elements. A .npy file may be
 * compressed by gzip; members of an archive are stored or deflated, and their checksums are verified.
 */
#ifndef DATA_NPY_H
#define DATA_NPY_H

#include "data/file.h"
#include <zip.h>

enum { NPY_MOST_DIMS = 8 };

typedef struct npy_array {
    const char *name; /* for messages: "a.npy" or "a.npz: x_train"; borrowed */
    char kind;        /* b: bool, u: unsigned, i: signed, f: float */
    int bytes;        /* of an element */
    bool big_endian, fortran;
    int n_dims;
    uint64_t dims[NPY_MOST_DIMS], count; /* count: product of dims; no dims: 1 */
    data_file file;
    zip_file_t *member; /* NULL: `file` is read */
} npy_array;

/* Each opens and reads the header. npy_close is right afterwards, also when they fail. */
ash_status npy_open(npy_array *y, const char *path, ash_error *err);
ash_status npy_open_member(npy_array *y, zip_t *archive, const char *member, const char *name, ash_error *err);
void npy_close(npy_array *y);

/* All elements, once, in the order of the file; i is the element's place in C order. 64-bit integers beyond 2^53 lose their last digits. */
ash_status npy_read(npy_array *y, ash_status (*use)(void *ctx, uint64_t i, double v, ash_error *err), void *ctx, ash_error *err);

const char *npy_type_name(const npy_array *y); /* "float", "signed integer", ... */

#endif
