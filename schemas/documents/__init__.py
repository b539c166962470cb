"""Documents that people write or read: flows, mappings, tables, channels, account maps."""

from schemas.documents.account_map import AccountMap, Accounts
from schemas.documents.channel import Channel
from schemas.documents.flow import Aggregate, FlowDocument, Mode
from schemas.documents.mapping import MappingDocument, Rule
from schemas.documents.table import TableDocument
from schemas.documents.validation import Severity, ValidationRule

__all__ = [
    "AccountMap",
    "Accounts",
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
