/* SPDX-License-Identifier: GPL-3.0-or-later */
/* images.c - a folder of PNG and JPEG files, one folder per class
 *
 *     FOLDER/cat/1.png           or    FOLDER/train/cat/1.png, FOLDER/test/cat/7.png, ... and FOLDER/val/, if it is there
 *     FOLDER/dog/2.jpg
 *
 * Names are sorted by their bytes: the order in which a file system lists them never counts. Files are first gone through by their
 * headers, for their sizes and colours, then decoded one by one. */
#include "core/log.h"
#include "data/format.h"
#include "data/picture.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEEPEST = 8, FINE_SIDE = 128, USUAL_SIDE = 64 };

typedef struct images_settings {
    const char *path, *test_path, *val_path, *channels, *fit, *resize;
    option_ints size;
    int64_t background;
} images_settings;

static const char *const channel_names[] = {"auto", "grey", "rgb", NULL};
static const char *const fit_names[] = {"stretch", "crop", NULL};
static const char *const resize_names[] = {"area", "bilinear", NULL};

static const option rows[] = {
    {"path", OPTION_TEXT, offsetof(images_settings, path), NULL, .execution = true,
     .help = "folder with a folder of images for each class, or with train/, test/ and val/ of such"},
    {"test_path", OPTION_TEXT, offsetof(images_settings, test_path), NULL, .optional = true, .execution = true,
     .help = "folder of the official test images, if it is elsewhere"},
    {"val_path", OPTION_TEXT, offsetof(images_settings, val_path), NULL, .optional = true, .execution = true,
     .help = "folder of the official validation images, if it is elsewhere"},
    {"size", OPTION_INT_LIST, offsetof(images_settings, size), NULL, 1, 4096, .optional = true, .unit = "pixels",
     .help = "[height, width], or one number for both, that images are resized to; without: all have one size"},
    {"channels", OPTION_NAME, offsetof(images_settings, channels), "auto", .names = channel_names,
     .help = "auto: grey if every file is"},
    {"fit", OPTION_NAME, offsetof(images_settings, fit), "stretch", .names = fit_names,
     .help = "an image of another shape is stretched, or its middle is cropped"},
    {"resize", OPTION_NAME, offsetof(images_settings, resize), "area", .names = resize_names,
     .help = "area: means over what a pixel covers, bilinear when enlarged"},
    {"background", OPTION_INT, offsetof(images_settings, background), "255", 0, 255,
     .help = "behind transparent pixels: 0 is black, 255 white"},
};
static const option_table options = OPTION_TABLE("images", images_settings, rows);

typedef struct text_list {
    const char **v;
    size_t n, cap;
} text_list;

enum { TRAIN, VAL, TEST, N_SPLITS };

typedef struct images_load {
    const images_settings *s;
    arena *keep, *scratch;
    const char *folder[N_SPLITS]; /* NULL: there is none */
    text_list classes, files;     /* files: paths */
    int32_t *label;               /* (files.n); grows with files.v */
    size_t cap, of_split[N_SPLITS];
    size_t left_out;
    const char *first_left_out;
} images_load;

/* ---- folders ---- */

static bool push(arena *a, text_list *l, const char *text)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        const char **v = ARENA_NEW(a, const char *, cap);
        if (!v)
            return false;
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = text;
    return text && ++l->n;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_image_name(const char *name)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n > strlen(ends[i]) && strcasecmp(name + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

/* Names in a folder, sorted, without the hidden ones. */
static ash_status list(const char *folder, arena *a, text_list *out, ash_error *err)
{
    DIR *d = opendir(folder);
    if (!d)
        return ash_fail(err, errno == ENOENT || errno == ENOTDIR ? ASH_INVALID : ASH_BROKEN, "%s: %s", folder,
                        errno == ENOENT ? "no such folder" : errno == ENOTDIR ? "is a file, not a folder of images" : strerror(errno));
    *out = (text_list){0};
    bool fits = true;
    for (struct dirent *e; fits && (e = readdir(d));)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "__MACOSX") != 0)
            fits = push(a, out, arena_strdup(a, e->d_name));
    closedir(d);
    if (!fits)
        return ash_fail_memory(err);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_bytes);
    return ASH_OK;
}

static const char *join(arena *a, const char *folder, const char *name)
{
    return arena_printf(a, "%s/%s", folder, name);
}

/* FOLDER/NAME in *out for the first of these names that is a folder there; NULL: none is. false: out of memory. */
static bool subfolder(arena *a, const char *folder, const char *const *names, const char **out)
{
    *out = NULL;
    for (size_t i = 0; names[i] && !*out; i++) {
        const char *path = join(a, folder, names[i]);
        if (!path)
            return false;
        if (is_folder(path))
            *out = path;
    }
    return true;
}

static ash_status add_file(images_load *l, const char *path, int32_t label, ash_error *err)
{
    if (l->files.n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        int32_t *v = ARENA_NEW(l->scratch, int32_t, cap);
        if (!v)
            return ash_fail_memory(err);
        if (l->files.n)
            memcpy(v, l->label, l->files.n * sizeof *v);
        l->label = v;
        l->cap = cap;
    }
    if (!push(l->scratch, &l->files, path))
        return ash_fail_memory(err);
    l->label[l->files.n - 1] = label;
    return ASH_OK;
}

/* All images in and below a class's folder. */
static ash_status add_class(images_load *l, const char *folder, int32_t label, int depth, ash_error *err)
{
    text_list names;
    ash_status status = list(folder, l->scratch, &names, err);
    for (size_t i = 0; status == ASH_OK && i < names.n; i++) {
        const char *path = join(l->keep, folder, names.v[i]);
        if (!path)
            return ash_fail_memory(err);
        if (is_folder(path)) {
            if (depth == DEEPEST)
                return ash_fail(err, ASH_INVALID, "%s: folders lie more than %d deep", path, DEEPEST);
            status = add_class(l, path, label, depth + 1, err);
        } else if (is_image_name(names.v[i])) {
            status = add_file(l, path, label, err);
        } else if (!l->left_out++) {
            l->first_left_out = path;
        }
    }
    return status;
}

static int32_t class_of(const images_load *l, const char *name)
{
    for (size_t k = 0; k < l->classes.n; k++)
        if (strcmp(l->classes.v[k], name) == 0)
            return (int32_t)k;
    return -1;
}

static ash_status add_split(images_load *l, int split, ash_error *err)
{
    const char *folder = l->folder[split];
    text_list names;
    size_t before = l->files.n, loose = 0;
    ash_status status = list(folder, l->scratch, &names, err);
    for (size_t i = 0; status == ASH_OK && i < names.n; i++) {
        const char *path = join(l->keep, folder, names.v[i]), *name = arena_strdup(l->keep, names.v[i]);
        if (!path || !name)
            return ash_fail_memory(err);
        if (!is_folder(path)) {
            loose += is_image_name(name);
            continue;
        }
        if (split == TRAIN && !push(l->scratch, &l->classes, name))
            return ash_fail_memory(err);
        int32_t k = class_of(l, name);
        if (k < 0)
            return ash_fail(err, ASH_INVALID, "%s: there is no class \"%s\" in %s", path, name, l->folder[TRAIN]);
        status = add_class(l, path, k, 0, err);
    }
    l->of_split[split] = l->files.n - before;
    if (status != ASH_OK || l->of_split[split])
        return status;
    return ash_fail(err, ASH_INVALID, loose ? "%s: holds images, but no folders of them; put the images of each class into a folder "
                                              "of its own: %s/cat/1.png"
                                            : "%s: there is no PNG or JPEG file in its folders; one folder per class is expected: %s/cat/1.png",
                    folder, folder);
}

static const char *const train_names[] = {"train", "training", NULL}, *const test_names[] = {"test", "testing", NULL},
                  *const val_names[] = {"val", "valid", "validation", NULL};

/* A folder with train/ and test/ or val/ in it holds splits; others hold classes. false: out of memory. */
static bool find_splits(images_load *l, const char *folder)
{
    const char *train, *test, *val;
    if (!subfolder(l->keep, folder, train_names, &train) || !subfolder(l->keep, folder, test_names, &test) ||
        !subfolder(l->keep, folder, val_names, &val))
        return false;
    bool splits = train && (test || val);
    l->folder[TRAIN] = splits ? train : folder;
    l->folder[TEST] = splits ? test : NULL;
    l->folder[VAL] = splits ? val : NULL;
    return true;
}

static ash_status list_files(images_load *l, ash_error *err)
{
    ash_status status = ASH_OK;
    for (int i = 0; i < N_SPLITS && status == ASH_OK; i++)
        if (l->folder[i])
            status = add_split(l, i, err);
    if (status == ASH_OK && l->files.n >= DATA_MAX_SAMPLES)
        return ash_fail(err, ASH_INVALID, "%s: %zu images are too many", l->folder[TRAIN], l->files.n);
    if (status == ASH_OK && l->classes.n > DATA_MAX_CLASSES)
        return ash_fail(err, ASH_INVALID, "%s: %zu folders; at most %d classes can be told apart", l->folder[TRAIN], l->classes.n,
                        DATA_MAX_CLASSES);
    return status;
}

/* ---- sizes ---- */

typedef struct survey {
    bool one_size, colour;
    picture first;
    int smallest; /* side of all */
    size_t other; /* the first of another size */
    picture other_size;
} survey;

static ash_status look(const images_load *l, survey *out, ash_error *err)
{
    *out = (survey){.one_size = true};
    for (size_t i = 0; i < l->files.n; i++) {
        picture p;
        if (picture_probe(l->files.v[i], &p, err) != ASH_OK)
            return err->status;
        if (i == 0)
            out->first = p;
        int side = p.h < p.w ? p.h : p.w;
        out->smallest = i == 0 || side < out->smallest ? side : out->smallest;
        out->colour |= p.c == 3;
        if (out->one_size && (p.h != out->first.h || p.w != out->first.w)) {
            out->one_size = false;
            out->other = i;
            out->other_size = p;
        }
    }
    return ASH_OK;
}

static ash_status choose_shape(const images_load *l, const node *map, data_raw *raw, ash_error *err)
{
    survey seen;
    const images_settings *s = l->s;
    if (s->size.n > 2)
        return data_fail_key(map, "size", err, "size is one number, or [height, width]");
    if (look(l, &seen, err) != ASH_OK)
        return err->status;
    if (s->size.n) {
        raw->h = (int)s->size.v[0];
        raw->w = (int)s->size.v[s->size.n - 1];
    } else if (!seen.one_size) {
        return data_fail_key(map, "path", err,
                             "the images have different sizes: %s has %d x %d pixels (height x width), %s %d x %d; size: [height, width] resizes them, "
                             "for example size: [%d, %d]",
                             l->files.v[0], seen.first.h, seen.first.w, l->files.v[seen.other], seen.other_size.h, seen.other_size.w,
                             USUAL_SIDE, USUAL_SIDE);
    } else {
        raw->h = seen.first.h;
        raw->w = seen.first.w;
    }
    if (raw->h > DATA_MAX_SIDE || raw->w > DATA_MAX_SIDE)
        return ash_fail(err, ASH_INVALID, "%s: %d x %d pixels are too many; size resizes the images", l->files.v[0], raw->h, raw->w);
    raw->c = strcmp(s->channels, "auto") == 0 ? (seen.colour ? 3 : 1) : strcmp(s->channels, "grey") == 0 ? 1 : 3;
    return ASH_OK;
}

/* ---- the format ---- */

static ash_status read_pixels(const images_load *l, data_raw *raw, ash_error *err)
{
    size_t width = (size_t)raw->h * (size_t)raw->w * (size_t)raw->c;
    picture_filter filter = strcmp(l->s->resize, "area") == 0 ? PICTURE_AREA : PICTURE_BILINEAR;
    raw->x = arena_alloc_array(l->keep, raw->n, width * sizeof *raw->x);
    if (!raw->x)
        return ash_fail_memory(err);
    for (size_t i = 0; i < raw->n; i++) {
        picture p;
        ash_status status = picture_read(l->files.v[i], raw->c, (int)l->s->background, &p, err);
        if (status == ASH_OK)
            status = picture_resize(&p, strcmp(l->s->fit, "crop") == 0, filter, raw->h, raw->w, raw->x + i * width, err);
        picture_free(&p);
        if (status != ASH_OK)
            return status;
    }
    return ASH_OK;
}

static ash_status load(images_load *l, const node *map, data_raw *raw, ash_error *err)
{
    const images_settings *s = l->s;
    const char *folder = data_path(l->keep, map, "path", s->path);
    if (!folder)
        return ash_fail_memory(err);
    raw->name = data_basename(folder);
    if (!find_splits(l, folder) || (s->test_path && !(l->folder[TEST] = data_path(l->keep, map, "test_path", s->test_path))) ||
        (s->val_path && !(l->folder[VAL] = data_path(l->keep, map, "val_path", s->val_path))))
        return ash_fail_memory(err);
    ash_status status = list_files(l, err);
    if (status == ASH_OK)
        status = choose_shape(l, map, raw, err);
    if (status != ASH_OK)
        return status;
    if (l->left_out)
        log_warn("%s: %zu file%s no PNG or JPEG by name and %s left out: %s%s", raw->name, l->left_out, l->left_out == 1 ? " is" : "s are",
                 l->left_out == 1 ? "is" : "are", l->first_left_out, l->left_out > 1 ? ", ..." : "");
    raw->task = DATA_CLASSIFICATION;
    raw->is_image = true;
    raw->n = l->files.n;
    raw->n_val = l->of_split[VAL];
    raw->n_test = l->of_split[TEST];
    raw->n_outputs = (int)l->classes.n;
    raw->class_names = arena_memdup(l->keep, l->classes.v, l->classes.n * sizeof *l->classes.v);
    const char **names = arena_memdup(l->keep, l->files.v, l->files.n * sizeof *l->files.v);
    size_t root = strlen(folder);
    for (size_t i = 0; names && i < l->files.n; i++) /* as seen from the folder */
        if (strncmp(names[i], folder, root) == 0 && names[i][root] == '/')
            names[i] += root + 1;
    raw->sample_names = names;
    raw->label = arena_memdup(l->keep, l->label, l->files.n * sizeof *l->label);
    if (!raw->class_names || !raw->sample_names || !raw->label)
        return ash_fail_memory(err);
    return read_pixels(l, raw, err);
}

static ash_status read_images(const void *settings, const node *map, arena *a, data_raw *out, ash_error *err)
{
    images_load l = {.s = settings, .keep = a, .scratch = arena_create()};
    if (!l.scratch)
        return ash_fail_memory(err);
    ash_status status = load(&l, map, out, err);
    arena_destroy(l.scratch);
    return status;
}

/* Whether a folder of it, or it itself, holds an image: then what is wrong with it, reading will tell. */
static bool holds_images(const char *folder, arena *a)
{
    text_list names, files;
    ash_error unused;
    if (list(folder, a, &names, &unused) != ASH_OK)
        return false;
    for (size_t i = 0; i < names.n; i++) {
        const char *path = join(a, folder, names.v[i]);
        if (is_image_name(names.v[i]))
            return true;
        if (!path || !is_folder(path) || list(path, a, &files, &unused) != ASH_OK)
            continue;
        for (size_t k = 0; k < files.n; k++)
            if (is_image_name(files.v[k]))
                return true;
    }
    return false;
}

static bool guess_images(const char *const *paths, size_t n, data_guess *out)
{
    images_load l = {.keep = out->a, .scratch = out->a};
    ash_error unused;
    survey seen;
    if (n > 2 || !is_folder(paths[0]) || (n == 2 && !is_folder(paths[1])))
        return false;
    if (!find_splits(&l, paths[0]) || !holds_images(l.folder[TRAIN], out->a))
        return false;
    data_guess_path(out, "path", paths[0]);
    if (n == 2) {
        l.folder[TEST] = paths[1];
        data_guess_path(out, "test_path", paths[1]);
    }
    /* What is wrong with the files, reading them will tell. */
    if (list_files(&l, &unused) != ASH_OK || look(&l, &seen, &unused) != ASH_OK)
        return true;
    if (!seen.one_size || seen.first.h > FINE_SIDE || seen.first.w > FINE_SIDE)
        data_guess_add(out, "size", arena_printf(out->a, "%d", seen.smallest < USUAL_SIDE ? seen.smallest : USUAL_SIDE));
    return true;
}

const data_format data_format_images = {
    .name = "images",
    .help = "a folder of PNG and JPEG files, one folder per class; train/, val/ and test/ are recognised",
    .options = &options,
    .read = read_images,
    .guess = guess_images,
    .looks = "a folder with a folder of PNG or JPEG files for each class, or train/ and test/ of such",
};
