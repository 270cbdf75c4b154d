-- By what a channel knows a message again, so that its end answers it.

ALTER TABLE meta_alerts ADD COLUMN IF NOT EXISTS message String COMMENT 'of a chat that answers can refer to: the number of the message' AFTER error;
