"""Faust, hardened, and the frame that every stage runs in: consume, keep order per key, hold, acknowledge, publish."""
