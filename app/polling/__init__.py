"""Reading what webhooks have not told: the same rows into the same topics, page by page, by a cursor that overlaps."""
