"""The demo: a shop that sells in store and online, the whole pipeline between, and an auditor at the end."""
