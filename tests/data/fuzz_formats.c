/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_formats.c - any bytes as any data file: a data set that is whole, or one message
 *
 * The first byte says which reader and settings; the rest is the file. test_corpus.c runs it
 * over the corpus everywhere:
 *
 *     scripts/fuzz 3600 data_formats
 */
#include "fuzz.h"

#include "core/arena.h"
#include "core/log.h"
#include "core/node.h"
#include "data/data.h"
#include "data/sheet.h"
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct {
    const char *file, *settings; /* where the bytes go, and what reads them */
} readers[] = {
    {"a.csv", "type=csv, path=a.csv, missing=mean"},
    {"a.csv", "type=csv, path=a.csv, delimiter=;, header=no, label=[0, 1], task=regression, missing=drop"},
    {"images", "type=idx, train_images=images, train_labels=labels"},
    {"labels2", "type=idx, train_images=images2, train_labels=labels2"},
    {"x.npy", "type=npy, x=x.npy, y=y.npy"},
    {"y2.npy", "type=npy, x=x2.npy, y=y2.npy"},
    {"a.npz", "type=npy, path=a.npz"},
    {"photos/a/0.png", "type=images, path=photos, size=[5, 7]"},
    {"photos/a/0.png", "type=images, path=photos, size=9, channels=grey, fit=crop, resize=bilinear"},
    {"cifar/data_batch_1.bin", "type=cifar, path=cifar"},
};
enum { N_READERS = sizeof readers / sizeof *readers };

static char folder[64];

static void put(const char *name, const void *bytes, size_t n)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static void remove_folder(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

/* A PNG of 2 x 2 grey pixels, all of which are `value`, in stored blocks. */
static void put_png(const char *name, uint8_t value)
{
    data_summary summary = {.min = 0, .max = 255};
    float pixels[4] = {value, value, value, value};
    data_set d = {.is_image = true, .h = 2, .w = 2, .c = 1, .summary = &summary};
    sheet_tile tile = {pixels, NULL, false};
    buffer png = {0};
    ash_error err;
    if (sheet_png(&d, &tile, 1, 1, &png, &err) != ASH_OK)
        abort();
    put(name, png.data, png.len);
    buffer_free(&png);
}

/* What stands beside the bytes: the other half of a pair, other images. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    static const char *const folders[] = {"photos", "photos/a", "photos/b", "cifar"};
    uint8_t idx_images[16 + 24] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 1}, idx_labels[8 + 12] = {0, 0, 8, 1, 0, 0, 0, 12};
    char npy[2][128 + 24];
    log_set_level(LOG_QUIET);
    snprintf(folder, sizeof folder, "%s/ashlar-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_folder);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        if (mkdir(path, 0700) != 0)
            abort();
    }
    for (int i = 0; i < 24; i++)
        idx_images[16 + i] = (uint8_t)(i * i);
    for (int i = 0; i < 12; i++)
        idx_labels[8 + i] = (uint8_t)(i % 2);
    for (int i = 0; i < 2; i++) {
        int text = snprintf(npy[i], sizeof npy[i], "\x93NUMPY\x01%c%c%c{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", 0, 118, 0,
                            i ? "(12,)" : "(12, 2)");
        memset(npy[i] + text, ' ', 128 - (size_t)text);
        memcpy(npy[i] + 128, i ? idx_labels + 8 : idx_images + 16, i ? 12 : 24);
    }
    put("labels", idx_labels, sizeof idx_labels);
    put("images2", idx_images, sizeof idx_images);
    put("x2.npy", npy[0], 128 + 24);
    put("y.npy", npy[1], 128 + 12);
    put_png("photos/a/1.png", 10);
    put_png("photos/a/2.png", 40);
    put_png("photos/b/1.png", 200);
    put_png("photos/b/2.png", 160);
    put_png("photos/b/3.png", 120);
    return 0;
}

static void check(const data_set *d)
{
    const data_split *const splits[] = {&d->train, &d->val, &d->test};
    size_t width = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < splits[s]->n * width; i++)
            if (!isfinite(splits[s]->x[i]))
                abort();
        for (size_t i = 0; splits[s]->label && i < splits[s]->n; i++)
            if (splits[s]->label[i] < 0 || splits[s]->label[i] >= d->n_outputs)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    size_t r = bytes[0] % N_READERS;
    char run[160];
    ash_error err = {0};
    data_set *d = NULL;
    node *map;
    put(readers[r].file, bytes + 1, n - 1);
    snprintf(run, sizeof run, "%s/run.yaml", folder);
    arena *a = arena_create();
    if (node_parse_inline(a, readers[r].settings, run, &map, &err) != ASH_OK)
        abort();
    ash_status status = data_open(map, &d, &err);
    if (status == ASH_OK)
        check(d);
    else if (strlen(err.text) < 10 || d)
        abort();
    data_close(d);
    arena_destroy(a);
    return 0;
}
