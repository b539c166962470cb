"""Sandbox systems: a Magento and a Heartland that run here, strict about everything a client could get wrong.

They are the measuring instrument, so they share no code with the connectors and know none of the wire models. Their
shapes come from what running systems answered and from the published lists of routes and fields.
"""
