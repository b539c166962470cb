"""The outside: settings, CLI, ingress, polling, connectors, store, sandbox systems, demo."""
