"""Customers: who is the same person, which system owns which field, and what is written where. Pure."""
