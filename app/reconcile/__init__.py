"""Reading both systems to compare them (`streams/reconcile`), telling what differs, and publishing what repairs it."""
