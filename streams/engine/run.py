"""Executes a flow's documents: the ``in`` mapping for normalise, the ``out`` mapping for deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.documents import FlowDocument
from streams.engine.load import Catalog
from streams.engine.trace import RuleTrace


class Engine:
    """Runs the documents of one catalog.

    Attributes:
        catalog: what it runs.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def flow_from(self, system: str, entity: str) -> FlowDocument | None:
        """The flow whose events come from that raw topic."""
        return self.catalog.flow_from(system, entity)

    def map_in(
        self,
        flow: FlowDocument,
        raw: Mapping[str, Any],
        context: Mapping[str, Any],
        trace: list[RuleTrace] | None = None,
    ) -> dict[str, Any]:
        """The flow's ``in`` mapping of one raw entity.

        Raises:
            Rejected: a rule cannot be carried out, or a function refuses the entity; MappingError names the rule.
        """
        return self.catalog.mappings[flow.normalize.mapping].run(raw, context, trace)

    def map_out(
        self, flow: str, body: Mapping[str, Any], context: Mapping[str, Any], trace: list[RuleTrace] | None = None
    ) -> dict[str, Any]:
        """The ``out`` mapping of the flow of that id, of one canonical entity as JSON values.

        Raises:
            Rejected: as in ``map_in``.
        """
        mapping = self.catalog.flows[flow].deliver.mapping
        return self.catalog.mappings[mapping].run(body, context, trace)
