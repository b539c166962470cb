"""The engine: loads flow, mapping and table documents, compiles them once, runs them. Pure; no I/O after loading."""

from streams.engine.errors import DocumentError, MappingError
from streams.engine.functions import Context
from streams.engine.intake import Intake
from streams.engine.load import Catalog, json_schema, load
from streams.engine.mapping import CompiledMapping
from streams.engine.rules import Finding, Rules
from streams.engine.run import HINTS, Engine
from streams.engine.trace import RuleTrace
from streams.engine.validate import validate

__all__ = [
    "HINTS",
    "Catalog",
    "CompiledMapping",
    "Context",
    "DocumentError",
    "Engine",
    "Finding",
    "Intake",
    "MappingError",
    "RuleTrace",
    "Rules",
    "json_schema",
    "load",
    "validate",
]
