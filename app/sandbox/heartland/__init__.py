"""The Heartland sandbox: a point of sale that speaks `/v1` as schemas/heartland/openapi.yaml describes it.

The document is not only served: routes, parameters and request bodies are checked against it, so that what it does not
allow is refused. What it says in prose (sums, stock, statuses) is in the modules here.
"""
