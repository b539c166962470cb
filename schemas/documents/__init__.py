"""Documents that people write or read: flows, mappings, channels."""

from schemas.documents.channel import Channel
from schemas.documents.flow import Aggregate, FlowDocument, Mode
from schemas.documents.mapping import MappingDocument, Rule

__all__ = ["Aggregate", "Channel", "FlowDocument", "MappingDocument", "Mode", "Rule"]
