-- SPDX-License-Identifier: GPL-3.0-or-later
-- The views of docs/database.md. They hold no data, so they are dropped and made again whenever the schema's version changes.
-- They use nothing but plain SQL and work in any sqlite3 shell.

DROP VIEW IF EXISTS results;
DROP VIEW IF EXISTS measures;
DROP VIEW IF EXISTS front;
DROP VIEW IF EXISTS best;
DROP VIEW IF EXISTS lineage;
DROP VIEW IF EXISTS learning_curves;
DROP VIEW IF EXISTS summary;
DROP VIEW IF EXISTS nodes;

-- One row per trial with the common metrics as columns.
CREATE VIEW results AS
SELECT t.run, t.trial, t.status, t.reason,
       t.error,
       (SELECT value FROM annotations a WHERE a.run = t.run AND a.trial = t.trial AND a.metric = 'test_error') AS test_error,
       t.val_loss,
       CAST(t.macs AS INTEGER) AS macs, CAST(t.flops AS INTEGER) AS flops, CAST(t.bops AS INTEGER) AS bops,
       CAST(t.params AS INTEGER) AS params, CAST(t.params_folded AS INTEGER) AS params_folded,
       CAST(t.model_bytes AS INTEGER) AS model_bytes, CAST(t.peak_ram_bytes AS INTEGER) AS peak_ram_bytes,
       t.mean_weight_bits, t.mean_act_bits, CAST(t.integer AS INTEGER) AS integer, t.latency_s, t.energy_j,
       t.genome, lower(hex(t.key)) AS key, t.original, t.virtual_start, t.virtual_duration, t.trained_macs,
       lower(hex(t.weights_hash)) AS weights_hash,
       (SELECT description FROM blocks b WHERE b.blocks = t.blocks) AS blocks,
       t.wall_s, t.host, t.worker, t.attempts, t.found_in, t.session, t.stored_at
FROM trials t;

-- One row per trial and metric, whatever the metric's name.
CREATE VIEW measures AS
SELECT run, trial, 'error' AS metric, error AS value FROM trials WHERE error IS NOT NULL
UNION ALL SELECT run, trial, 'val_loss', val_loss FROM trials WHERE val_loss IS NOT NULL
UNION ALL SELECT run, trial, 'macs', macs FROM trials WHERE macs IS NOT NULL
UNION ALL SELECT run, trial, 'flops', flops FROM trials WHERE flops IS NOT NULL
UNION ALL SELECT run, trial, 'bops', bops FROM trials WHERE bops IS NOT NULL
UNION ALL SELECT run, trial, 'params', params FROM trials WHERE params IS NOT NULL
UNION ALL SELECT run, trial, 'params_folded', params_folded FROM trials WHERE params_folded IS NOT NULL
UNION ALL SELECT run, trial, 'model_bytes', model_bytes FROM trials WHERE model_bytes IS NOT NULL
UNION ALL SELECT run, trial, 'peak_ram_bytes', peak_ram_bytes FROM trials WHERE peak_ram_bytes IS NOT NULL
UNION ALL SELECT run, trial, 'mean_weight_bits', mean_weight_bits FROM trials WHERE mean_weight_bits IS NOT NULL
UNION ALL SELECT run, trial, 'mean_act_bits', mean_act_bits FROM trials WHERE mean_act_bits IS NOT NULL
UNION ALL SELECT run, trial, 'integer', integer FROM trials WHERE integer IS NOT NULL
UNION ALL SELECT run, trial, 'latency_s', latency_s FROM trials WHERE latency_s IS NOT NULL
UNION ALL SELECT run, trial, 'energy_j', energy_j FROM trials WHERE energy_j IS NOT NULL
UNION ALL SELECT run, trial, metric, value FROM metrics WHERE value IS NOT NULL
UNION ALL SELECT run, trial, metric, value FROM annotations WHERE value IS NOT NULL;

-- The non-dominated trials of each run over its own objectives.
CREATE VIEW front AS
SELECT r.* FROM front_members f JOIN results r ON r.run = f.run AND r.trial = f.trial;

-- For each run and objective, the trial with the lowest value; the earliest of equals.
CREATE VIEW best AS
SELECT run, metric, trial, value, genome
FROM (SELECT o.run, o.position, o.metric, f.trial, m.value, t.genome,
             row_number() OVER (PARTITION BY o.run, o.position ORDER BY m.value, f.trial) AS place
      FROM objectives o
      JOIN front_members f ON f.run = o.run
      JOIN measures m ON m.run = f.run AND m.trial = f.trial AND m.metric = o.metric
      JOIN trials t ON t.run = f.run AND t.trial = f.trial)
WHERE place = 1
ORDER BY run, position;

-- Where the front came from: every ancestor of every front member, itself included. Ids are in ask order, so they are also the
-- order in which the ancestors came.
CREATE VIEW lineage AS
WITH RECURSIVE up (run, trial, ancestor) AS (
  SELECT run, trial, trial FROM front_members
  UNION
  SELECT up.run, up.trial, p.parent FROM up JOIN parents p ON p.run = up.run AND p.trial = up.ancestor
)
SELECT u.run, u.trial, u.ancestor, t.status, t.error, CAST(t.macs AS INTEGER) AS macs, t.genome
FROM up u LEFT JOIN trials t ON t.run = u.run AND t.trial = u.ancestor
ORDER BY u.run, u.trial, u.ancestor;

CREATE VIEW learning_curves AS
SELECT c.run, c.trial, c.epoch, c.train_loss, c.val_loss, c.val_error, t.status, t.genome
FROM curves c JOIN trials t ON t.run = c.run AND t.trial = c.trial;

-- One row per run: what `ashlar query DB` prints.
CREATE VIEW summary AS
SELECT r.run, r.name, r.state, r.data_name AS data, r.seed, r.objectives,
       (SELECT count(*) FROM trials t WHERE t.run = r.run) AS trials,
       (SELECT count(*) FROM trials t WHERE t.run = r.run AND t.status = 'ok') AS ok,
       (SELECT count(*) FROM front_members f WHERE f.run = r.run) AS front,
       (SELECT CAST(total(t.trained_macs) AS INTEGER) FROM trials t WHERE t.run = r.run) AS trained_macs,
       r.kernel_level, r.created_at,
       (SELECT count(*) FROM sessions s WHERE s.run = r.run) AS sessions
FROM runs r;

-- One row per run and host that evaluated for it.
CREATE VIEW nodes AS
SELECT run, host, count(DISTINCT worker) AS workers, count(*) AS trials, total(wall_s) AS busy_s,
       CAST(total(max(attempts, 1) - 1) AS INTEGER) AS redone, min(stored_at) AS first_at, max(stored_at) AS last_at
FROM trials
WHERE host IS NOT NULL AND found_in IS NULL AND status NOT IN ('duplicate', 'invalid', 'infeasible')
GROUP BY run, host;
