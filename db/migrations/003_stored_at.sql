-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3: when each trial was stored, so that what the nodes did can be seen over time.

ALTER TABLE trials ADD COLUMN stored_at TEXT;
