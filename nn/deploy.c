/* SPDX-License-Identifier: GPL-3.0-or-later */
/* deploy.c - a trained net and the integer network that it becomes */
#include "nn/infer/engine.h"
#include "nn/net.h"
#include <stdlib.h>

typedef struct nn_deployed {
    arena *arena;
    infer_model *model;
    infer_engine *engine;
} nn_deployed;

ash_status nn_deploy(nn_net *net, ash_error *err)
{
    ash_error why;
    nn_undeploy(net);
    if (!infer_supports(net->graph, &why))
        return ASH_OK;
    nn_deployed *d = net->deployed = calloc(1, sizeof(*d));
    if (!d || !(d->arena = arena_create())) {
        nn_undeploy(net);
        return ash_fail_memory(err);
    }
    if (infer_compile(net, d->arena, &d->model, err) != ASH_OK || infer_engine_create(d->model, net->kernels->level, &d->engine, err) != ASH_OK)
        nn_undeploy(net);
    return net->deployed ? ASH_OK : err->status;
}

void nn_undeploy(nn_net *net)
{
    nn_deployed *d = net->deployed;
    net->deployed = NULL;
    if (!d)
        return;
    infer_engine_destroy(d->engine);
    if (d->arena)
        arena_destroy(d->arena);
    free(d);
}

nn_score nn_deployed_evaluate(nn_net *net, const nn_dataset *data, nn_answer *each, void *ctx)
{
    return infer_evaluate(net->deployed->engine, data, each, ctx);
}

void nn_deployed_predict(nn_net *net, const float *x, size_t n, float *out)
{
    const nn_node *nodes = net->graph->nodes;
    size_t image = (size_t)nn_elements(nodes[0].shape), outputs = (size_t)nn_elements(nodes[net->graph->output].shape);
    for (size_t i = 0; i < n; i++)
        infer_run(net->deployed->engine, x + i * image, out + i * outputs);
}
