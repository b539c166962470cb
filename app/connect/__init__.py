"""``tillstream connect``: what the other systems must have so that they tell us, made once and kept so."""
