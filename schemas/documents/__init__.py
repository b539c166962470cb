"""Documents that people write or read: flows, mappings, tables, channels."""

from schemas.documents.channel import Channel
from schemas.documents.flow import Aggregate, FlowDocument, Mode
from schemas.documents.mapping import MappingDocument, Rule
from schemas.documents.table import TableDocument
from schemas.documents.validation import Severity, ValidationRule

__all__ = [
    "Aggregate",
    "Channel",
    "FlowDocument",
    "MappingDocument",
    "Mode",
    "Rule",
    "Severity",
    "TableDocument",
    "ValidationRule",
]
