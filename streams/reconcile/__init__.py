"""What the two systems tell differently, found by comparing all that both list. Pure; `app/reconcile` reads and tells."""
