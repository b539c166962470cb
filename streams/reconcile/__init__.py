"""What the two systems tell differently, found by comparing what both list. Pure; `app/reconcile` reads and tells."""
