"""The Heartland connector: ``/v1`` of `schemas/heartland/openapi.yaml` behind the ports of `streams/ports/`."""
