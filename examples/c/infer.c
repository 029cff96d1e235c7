/* SPDX-License-Identifier: GPL-3.0-or-later */
/* infer.c - lets the integer network of a model file predict what stands on standard input
 *
 *     ashlar infer digits.db 12 --export digits.ashm
 *     ./infer digits.ashm < samples.txt
 *
 * samples.txt holds numbers between blanks, commas or line ends, a sample after the other, in the units of the data set. */
#include <ashlar.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    ash_error err;
    ash_model *model;
    int h, w, c;
    if (argc != 2 || ash_model_open(argv[1], &model, &err) != ASH_OK) {
        fprintf(stderr, "infer: %s\n", argc != 2 ? "usage: infer MODEL < SAMPLES" : err.text);
        return ASH_INVALID;
    }
    ash_model_input(model, &h, &w, &c);
    size_t size = (size_t)h * (size_t)w * (size_t)c, n = ash_model_output_count(model), read = 0;
    float *sample = malloc(size * sizeof(*sample)), *out = malloc(n * sizeof(*out));
    while (sample && out && scanf("%f%*[, \t\r\n]", &sample[read]) == 1) {
        if (++read < size)
            continue;
        read = 0;
        if (ash_model_predict(model, sample, 1, out, &err) != ASH_OK) {
            fprintf(stderr, "infer: %s\n", err.text);
            break;
        }
        size_t top = 0;
        for (size_t i = 1; i < n; i++)
            if (out[i] > out[top])
                top = i;
        printf("%s %.4f\n", ash_model_output_name(model, top) ? ash_model_output_name(model, top) : "", out[top]);
    }
    free(sample);
    free(out);
    ash_model_close(model);
    return 0;
}
