"""Normalise: raw events of both systems become canonical ones, keyed by their aggregate."""
