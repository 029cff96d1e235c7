-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 4: bits of activations, and whether a trial was scored on the integer engine.

ALTER TABLE trials ADD COLUMN mean_act_bits ANY CHECK (typeof(mean_act_bits) IN ('real', 'null'));
ALTER TABLE trials ADD COLUMN integer ANY CHECK (typeof(integer) IN ('real', 'null'));

UPDATE trials SET
  mean_act_bits = (SELECT value FROM metrics m WHERE m.run = trials.run AND m.trial = trials.trial AND m.metric = 'mean_act_bits'),
  integer = (SELECT value FROM metrics m WHERE m.run = trials.run AND m.trial = trials.trial AND m.metric = 'integer')
WHERE EXISTS (SELECT 1 FROM metrics m WHERE m.metric IN ('mean_act_bits', 'integer'));
DELETE FROM metrics WHERE metric IN ('mean_act_bits', 'integer');
