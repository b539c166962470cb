"""The engine: loads flow and mapping documents, compiles them once, and runs them. Pure; no I/O after loading."""

from streams.engine.errors import DocumentError, MappingError
from streams.engine.functions import Context
from streams.engine.intake import Intake
from streams.engine.load import Catalog, json_schema, load
from streams.engine.mapping import CompiledMapping
from streams.engine.run import Engine
from streams.engine.trace import RuleTrace
from streams.engine.validate import validate

__all__ = [
    "Catalog",
    "CompiledMapping",
    "Context",
    "DocumentError",
    "Engine",
    "Intake",
    "MappingError",
    "RuleTrace",
    "json_schema",
    "load",
    "validate",
]
