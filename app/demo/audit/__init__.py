"""The auditor: compares the two systems' own databases and mutation logs with what the shop did, entity by entity.

It reads SQLite and the shop's deeds, and nothing of Tillstream: no connector, no wire model, none of our counters.
Its shapes are those of Magento's REST documents and of the `/v1` contract (schemas/heartland/openapi.yaml).
"""
