-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 2: trained weights, what is measured of a trial afterwards (its test error), files made from it, and where a run
-- file was read from.

ALTER TABLE runs ADD COLUMN config_path TEXT;

-- No reference to trials: weights arrive when a training ends, the trial when virtual time tells it.
CREATE TABLE weights (
  run INTEGER NOT NULL REFERENCES runs,
  trial INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (run, trial)
) STRICT;

CREATE TABLE annotations (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  metric TEXT NOT NULL,
  value ANY CHECK (typeof(value) IN ('real', 'null')),
  PRIMARY KEY (run, trial, metric),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;

CREATE TABLE artefacts (
  run INTEGER NOT NULL,
  trial INTEGER NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  hash BLOB,
  bytes INTEGER,
  created_at TEXT NOT NULL,
  PRIMARY KEY (run, trial, kind, path),
  FOREIGN KEY (run, trial) REFERENCES trials
) STRICT, WITHOUT ROWID;
