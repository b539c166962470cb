"""Documents that people write or read: flows, mappings, channels, dead letters."""
