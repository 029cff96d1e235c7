/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire.c - see wire.h */
#include "evaluator/exec/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void wire_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* ---- reading ---- */

void wire_read(wire_reader *r)
{
    char chunk[65536];
    if (r->taken) { /* forget the lines that were given out */
        memmove(r->in.data, r->in.data + r->taken, r->in.len - r->taken);
        r->in.len -= r->taken;
        r->scanned -= r->taken;
        r->taken = 0;
    }
    for (;;) {
        ssize_t n = read(r->fd, chunk, sizeof(chunk));
        if (n > 0)
            buffer_add(&r->in, chunk, (size_t)n);
        else if (n == 0)
            r->ended = true;
        else if (errno != EAGAIN && errno != EINTR)
            r->broken = true;
        if (r->in.failed || r->in.len > WIRE_MAX_LINE)
            r->broken = true;
        if (n < (ssize_t)sizeof(chunk))
            return;
    }
}

char *wire_line(wire_reader *r)
{
    if (r->in.len == r->scanned) /* nothing new, or nothing at all */
        return NULL;
    char *from = r->in.data + r->taken, *end = memchr(r->in.data + r->scanned, '\n', r->in.len - r->scanned);
    if (!end) {
        r->scanned = r->in.len;
        return NULL;
    }
    *end = '\0';
    r->taken = r->scanned = (size_t)(end + 1 - r->in.data);
    return from;
}

void wire_reader_free(wire_reader *r)
{
    buffer_free(&r->in);
}

/* ---- writing ---- */

static void separate(wire_writer *w)
{
    if (w->out.len && w->out.data[w->out.len - 1] != '\n')
        buffer_puts(&w->out, " ");
}

void wire_word(wire_writer *w, const char *word)
{
    separate(w);
    buffer_puts(&w->out, word);
}

void wire_number(wire_writer *w, uint64_t value)
{
    separate(w);
    buffer_printf(&w->out, "%llu", (unsigned long long)value);
}

void wire_bytes(wire_writer *w, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    char text[4096];
    separate(w);
    while (n) {
        size_t step = n < 3072 ? n : 3072; /* a multiple of three: no padding inside */
        base64_encode_raw(text, step, from);
        buffer_add(&w->out, text, BASE64_ENCODE_RAW_LENGTH(step));
        from += step;
        n -= step;
    }
}

void wire_trial(wire_writer *w, const trial *t)
{
    buffer message = {0};
    trial_encode(t, &message);
    if (message.failed)
        w->broken = true;
    else
        wire_bytes(w, message.data, message.len);
    buffer_free(&message);
}

void wire_flush(wire_writer *w)
{
    while (!w->broken && w->sent < w->out.len) {
        ssize_t n = write(w->fd, w->out.data + w->sent, w->out.len - w->sent);
        if (n > 0)
            w->sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n < 0 && errno != EINTR)
            w->broken = true;
    }
    buffer_clear(&w->out);
    w->sent = 0;
}

void wire_end(wire_writer *w)
{
    buffer_puts(&w->out, "\n");
    if (w->out.failed)
        w->broken = true;
    wire_flush(w);
}

bool wire_pending(const wire_writer *w)
{
    return w->sent < w->out.len;
}

void wire_writer_free(wire_writer *w)
{
    buffer_free(&w->out);
}

/* ---- taking apart ---- */

char *wire_next(char **rest)
{
    char *word = *rest, *end = strchr(word, ' ');
    if (end)
        *end++ = '\0';
    *rest = end ? end : word + strlen(word);
    return word;
}

bool wire_get_number(char **rest, uint64_t *out)
{
    char *word = wire_next(rest), *end;
    if (*word < '0' || *word > '9')
        return false;
    errno = 0;
    *out = strtoull(word, &end, 10);
    return errno == 0 && *end == '\0';
}

bool wire_get_bytes(char **rest, arena *a, char **bytes, size_t *n)
{
    const char *word = wire_next(rest);
    size_t length = strlen(word);
    struct base64_decode_ctx ctx;
    base64_decode_init(&ctx);
    *bytes = arena_alloc(a, BASE64_DECODE_LENGTH(length) + 1);
    *n = 0;
    if (!*bytes || !base64_decode_update(&ctx, n, (uint8_t *)*bytes, length, word) || !base64_decode_final(&ctx))
        return false;
    (*bytes)[*n] = '\0';
    return true;
}

ash_status wire_get_trial(char **rest, arena *a, trial **out, ash_error *err)
{
    char *bytes;
    size_t n;
    if (!wire_get_bytes(rest, a, &bytes, &n))
        return ash_fail(err, ASH_INVALID, "a trial that is not base64");
    return trial_decode(bytes, n, a, out, err);
}
