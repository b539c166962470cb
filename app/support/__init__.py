"""The bundle for whoever helps: how this installation stands, without its secrets and without its customers."""
