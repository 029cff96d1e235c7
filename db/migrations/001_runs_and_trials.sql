-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 1: runs, the sessions that worked on them, trials.
--
-- Metric values are ANY, checked to be real: a REAL column would lose the sign of -0. NULL is "not a number" for a told metric
-- and "not measured" otherwise; trials.metric_list tells the two apart and keeps the metrics' order.

CREATE TABLE runs (
  run INTEGER PRIMARY KEY,
  name TEXT,
  identity BLOB NOT NULL UNIQUE CHECK (length(identity) = 32),
  settings TEXT,
  config TEXT,
  seed INTEGER NOT NULL,
  objectives TEXT,
  reference TEXT,
  kernel_level TEXT,
  data_name TEXT,
  data_json TEXT,
  data_hash TEXT,
  space_text TEXT,
  state TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE objectives (
  run INTEGER NOT NULL REFERENCES runs,
  position INTEGER NOT NULL,
  metric TEXT NOT NULL,
  reference REAL,
  PRIMARY KEY (run, position),
  UNIQUE (run, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  session INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs,
  version TEXT NOT NULL,
  host TEXT,
  pid INTEGER,
  system TEXT,
  cpu TEXT,
  cores INTEGER,
  memory_bytes INTEGER,
  compiler TEXT,
  libraries TEXT,
  kernel_level TEXT,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  state TEXT NOT NULL
) STRICT;

CREATE TABLE metric_lists (
  metric_list INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE blocks (
  blocks INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  description TEXT NOT NULL
) STRICT;

CREATE TABLE trials (
  run INTEGER NOT NULL REFERENCES runs,
  trial INTEGER NOT NULL CHECK (trial > 0),
  status TEXT NOT NULL,
  reason TEXT,
  genome TEXT,
  key BLOB,
  original INTEGER,
  virtual_start INTEGER NOT NULL,
  virtual_duration INTEGER NOT NULL,
  metric_list INTEGER REFERENCES metric_lists,
  error ANY CHECK (typeof(error) IN ('real', 'null')),
  val_loss ANY CHECK (typeof(val_loss) IN ('real', 'null')),
  macs ANY CHECK (typeof(macs) IN ('real', 'null')),
  flops ANY CHECK (typeof(flops) IN ('real', 'null')),
  bops ANY CHECK (typeof(bops) IN ('real', 'null')),
  params ANY CHECK (typeof(params) IN ('real', 'null')),
  params_folded ANY CHECK (typeof(params_folded) IN ('real', 'null')),
  model_bytes ANY CHECK (typeof(model_bytes) IN ('real', 'null')),
  peak_ram_bytes ANY CHECK (typeof(peak_ram_bytes) IN ('real', 'null')),
  mean_weight_bits ANY CHECK (typeof(mean_weight_bits) IN ('real', 'null')),
  latency_s ANY CHECK (typeof(latency_s) IN ('real', 'null')),
  energy_j ANY CHECK (typeof(energy_j) IN ('real', 'null')),
  trained_macs INTEGER NOT NULL,
  weights_hash BLOB,
  blocks INTEGER REFERENCES blocks,
  wall_s ANY CHECK (typeof(wall_s) IN ('real', 'null')),
  host TEXT,
  worker INTEGER,
  attempts INTEGER,
  found_in TEXT,
  session INTEGER REFERENCES sessions,
  PRIMARY KEY (run, trial)
) STRICT;

CREATE INDEX trials_by_key ON trials (key) WHERE status IN ('ok', 'diverged');

CREATE TABLE metrics (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  metric TEXT NOT NULL,
  value ANY CHECK (typeof(value) IN ('real', 'null')),
  PRIMARY KEY (run, trial, metric),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;

CREATE TABLE parents (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  position INTEGER NOT NULL,
  parent INTEGER NOT NULL,
  PRIMARY KEY (run, trial, position),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;

CREATE INDEX parents_by_parent ON parents (run, parent);

-- position, not epoch, is the key: the record allows an epoch to be reported twice
CREATE TABLE curves (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  position INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  train_loss ANY CHECK (typeof(train_loss) IN ('real', 'null')),
  val_loss ANY CHECK (typeof(val_loss) IN ('real', 'null')),
  val_error ANY CHECK (typeof(val_error) IN ('real', 'null')),
  PRIMARY KEY (run, trial, position),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;

-- The front over the run's objectives, kept by the writer in the transaction that appends the trial.
CREATE TABLE front_members (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  PRIMARY KEY (run, trial),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;
