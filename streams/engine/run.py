"""Executes a flow's documents: the ``in`` mapping for normalise, the ``out`` mapping for deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from streams.engine.load import Catalog
from streams.engine.rules import decided
from streams.engine.trace import RuleTrace

HINTS = "hints"
"""Key under which an ``in`` mapping puts what only the stock hints carry."""


class Engine:
    """Runs the documents of one catalog.

    Attributes:
        catalog: what it runs.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def map_in(
        self,
        flow: str,
        raw: Mapping[str, Any],
        context: Mapping[str, Any],
        trace: list[RuleTrace] | None = None,
    ) -> dict[str, Any]:
        """The ``in`` mapping of the flow of that id, of one raw entity.

        Raises:
            Rejected: a rule cannot be carried out, or a function refuses the entity; MappingError names the rule.
        """
        keys = self.catalog.flows[flow].normalize
        if keys is None:
            raise ValueError(f"the flow '{flow}' takes no raw entities")
        return self.catalog.mappings[keys.mapping].run(raw, context, trace)

    def check(
        self,
        flow: str,
        entity: BaseModel,
        context: Mapping[str, Any],
        subject: str,
        approved: str = "",
    ) -> str:
        """Check the flow's rules on the canonical entity that it has made; returns what the journal shall tell.

        Args:
            flow: id of the flow.
            entity: what it made.
            context: as in ``map_in``.
            subject: what a person calls the entity: ``order 000000042``.
            approved: id of the rule for which a person has looked at it and lets it go on.

        Raises:
            Rejected: a rule holds it; the code is the rule's id.
        """
        rules = self.catalog.rules.get(flow)
        return decided(rules.findings(entity.model_dump(mode="json"), context), subject, approved) if rules else ""

    def map_out(
        self, flow: str, body: Mapping[str, Any], context: Mapping[str, Any], trace: list[RuleTrace] | None = None
    ) -> dict[str, Any]:
        """The ``out`` mapping of the flow of that id, of one canonical entity as JSON values.

        Raises:
            Rejected: as in ``map_in``.
        """
        mapping = self.catalog.flows[flow].deliver.mapping
        return self.catalog.mappings[mapping].run(body, context, trace)
