"""``tillstream doctor``: whether everything that Tillstream needs is there and fits."""
