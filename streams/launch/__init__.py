"""How a flow comes from observing to writing: what it waits for, since when it writes, and what it would have done."""
