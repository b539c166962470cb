"""Reads flow, mapping and table documents: the built-in ones, and the user's, which replace built-ins by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from schemas.canonical.registry import MODELS
from schemas.dead_letter import Documents
from schemas.documents import FlowDocument, MappingDocument, Mode, TableDocument
from streams import topics
from streams.customer.ownership import CUSTOMER_FIELDS
from streams.deliver.operations import OPERATIONS
from streams.engine.builtins import FUNCTIONS
from streams.engine.compiler import Library, Source
from streams.engine.errors import DocumentError, shown
from streams.engine.functions import Registry
from streams.engine.intake import Intake, Takers, readers, takers
from streams.engine.mapping import CompiledMapping
from streams.engine.rules import Rules
from streams.engine.tables import Table

Document = FlowDocument | MappingDocument | TableDocument
Validated = TypeVar("Validated")

_MODELS: dict[str, TypeAdapter[Any]] = {
    "flow": TypeAdapter(FlowDocument),
    "mapping": TypeAdapter(MappingDocument),
    "table": TypeAdapter(TableDocument),
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every flow and mapping that this process runs.

    Attributes:
        flows: by id.
        mappings: compiled, by id.
        takers: the flows that take the events of each system and entity, those about the whole entity first.
        readers: the systems that get what another flow makes, by canonical topic and entity; of flows that are not off.
        rules: what must hold of what a flow makes, compiled, by its id.
        tables: the tables that mappings share, by id.
    """

    flows: Mapping[str, FlowDocument]
    mappings: Mapping[str, CompiledMapping]
    takers: Takers
    readers: Mapping[tuple[str, str], frozenset[str]]
    rules: Mapping[str, Rules] = field(default_factory=dict)
    tables: Mapping[str, TableDocument] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        flows: Mapping[str, FlowDocument],
        mappings: Mapping[str, CompiledMapping],
        files: Mapping[str, str] | None = None,
        functions: Registry = FUNCTIONS,
        tables: Mapping[str, TableDocument] | None = None,
    ) -> Catalog:
        """A catalog of those documents; ``files`` are for messages, by flow. Raises DocumentError."""
        files = files or {}
        rules = {name: Rules(flow.rules, files.get(name, name), functions) for name, flow in flows.items()}
        running = [flow for flow in flows.values() if flow.mode is not Mode.OFF]
        return cls(flows, mappings, takers(flows.values(), files, functions), readers(running), rules, tables or {})

    def taking(self, system: str, entity: str) -> tuple[Intake, ...]:
        """The flows that take such raw events, those that are off among them; the first one's event keeps the
        receipt."""
        return self.takers.get((system, entity), ())

    def documents(self, flow: str, mapping: str) -> Documents:
        """The versions in which the flow runs one of its mappings, for a dead letter."""
        document = self.mappings[mapping].document
        return Documents(self.flows[flow].version, document.id, document.version)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document and the file that it came from."""

    file: str
    document: Document


def load(
    directory: Path | None = None, *, modes: Mapping[str, Mode] | None = None, functions: Registry = FUNCTIONS
) -> Catalog:
    """Read, check and compile all documents.

    Args:
        directory: the user's documents (``*.yaml``, at any depth); one with a built-in's id replaces it.
        modes: mode of a flow by id, where the settings say so; it wins over the document.
        functions: what expressions may call.

    Raises:
        DocumentError: a document is wrong; names file, rule and value.
    """
    found = _by_id(_built_in())
    if directory is not None:
        found |= _by_id(_from_directory(directory))
    tables = {read.document.id: read.document for read in found.values() if isinstance(read.document, TableDocument)}
    compiled = _compiled(found.values(), tables, functions)
    flows: dict[str, FlowDocument] = {}
    files: dict[str, str] = {}
    for read in found.values():
        if isinstance(read.document, FlowDocument):
            _check_flow(read.file, read.document, compiled, flows.values())
            flows[read.document.id] = read.document
            files[read.document.id] = read.file
    return Catalog.of(_with_modes(flows, modes or {}), compiled, files, functions, tables)


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a document kind (``flow``, ``mapping`` or ``table``), for editors."""
    return _MODELS[kind].json_schema(by_alias=True)


def parse(file: str, content: str) -> Document:
    """One document from YAML; ``file`` is only for messages.

    Raises:
        DocumentError: not YAML, not an object, of an unknown kind, or a key is wrong.
    """
    values = read_yaml(file, content)
    model = _MODELS.get(str(values.get("kind")))
    if model is None:
        raise DocumentError(file, "kind", f"'flow', 'mapping' or 'table' is needed, not {shown(values.get('kind'))}")
    document: Document = validated(model, file, values)
    return document


def read_yaml(file: str, content: str) -> dict[str, Any]:
    """A YAML object. Raises DocumentError if it is none, or names a key twice; ``file`` is only for messages."""
    try:
        values = yaml.load(content, Loader=_Loader)  # noqa: S506 - a SafeLoader that also refuses repeated keys
    except yaml.YAMLError as error:
        raise DocumentError(file, "", f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise DocumentError(file, "", "a document is an object with the key 'kind'")
    return values


def validated(model: TypeAdapter[Validated], file: str, values: Mapping[str, Any]) -> Validated:
    """The document. Raises DocumentError for the first key that is wrong."""
    try:
        return model.validate_python(values)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
        raise DocumentError(file, place, f"{problem['msg']} (it is {shown(problem['input'])})") from error


class _Loader(yaml.SafeLoader):
    """YAML without repeated keys, of which plain YAML silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
        if repeated is not None:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{repeated}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _built_in() -> Iterator[_Read]:
    for folder in ("flows", "mappings", "tables"):
        for file in sorted((resources.files("streams") / folder).iterdir(), key=lambda each: each.name):
            if file.name.endswith(".yaml"):
                name = f"streams/{folder}/{file.name}"
                yield _Read(name, parse(name, file.read_text("utf-8")))


def _from_directory(directory: Path) -> Iterator[_Read]:
    if not directory.is_dir():
        raise DocumentError(str(directory), "", "the directory of flow documents does not exist")
    for file in sorted(path for path in directory.rglob("*") if path.suffix in {".yaml", ".yml"}):
        try:
            content = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentError(str(file), "", f"cannot be read: {error}") from error
        yield _Read(str(file), parse(str(file), content))


def _by_id(reads: Iterable[_Read]) -> dict[tuple[str, str], _Read]:
    found: dict[tuple[str, str], _Read] = {}
    for read in reads:
        key = (read.document.kind, read.document.id)
        if key in found:
            raise DocumentError(read.file, "id", f"'{read.document.id}' is also the id of {found[key].file}")
        found[key] = read
    return found


def _compiled(
    reads: Iterable[_Read], tables: Mapping[str, TableDocument], functions: Registry
) -> dict[str, CompiledMapping]:
    sources = {
        read.document.id: Source(read.document, read.file)
        for read in reads
        if isinstance(read.document, MappingDocument)
    }
    library = Library({name: Table.of(table) for name, table in tables.items()}, sources)
    return {name: CompiledMapping(source.document, source.file, functions, library) for name, source in sources.items()}


def _check_flow(
    file: str, flow: FlowDocument, mappings: Mapping[str, CompiledMapping], others: Iterable[FlowDocument]
) -> None:
    """What one flow says must fit the mappings, the topics, the operations and the other flows."""
    _check_mapping(file, "deliver.mapping", flow.deliver.mapping, (flow.deliver.target, "out"), mappings)
    named = [("deliver.topic", flow.deliver.topic)]
    if (taken := flow.normalize) is not None:
        _check_mapping(file, "normalize.mapping", taken.mapping, (taken.source.system, "in"), mappings)
        named += [("normalize.source", topics.raw(*taken.source.key)), ("normalize.topic", taken.topic)]
        if taken.hints is not None:
            named.append(("normalize.hints.topic", taken.hints.topic))
        if taken.entity not in MODELS:
            raise DocumentError(file, "normalize.entity", f"there is no canonical entity '{taken.entity}'")
    declared = {topic.name for topic in topics.TOPICS}
    for place, name in named:
        if name not in declared:
            raise DocumentError(file, place, f"there is no topic '{name}' in streams/topics.py")
    _check_names(file, flow)
    for other in others:
        if (other.deliver.target, other.deliver.entity) == (flow.deliver.target, flow.deliver.entity):
            raise DocumentError(file, "deliver", f"the flow '{other.id}' delivers the same entity to the same system")


def _check_names(file: str, flow: FlowDocument) -> None:
    """Operations and owned fields must be known ones."""
    for number, name in enumerate(flow.deliver.operations):
        if name not in OPERATIONS:
            raise DocumentError(file, f"deliver.operations[{number}]", f"there is no operation '{name}'")
    for number, name in enumerate(flow.deliver.owns):
        if flow.deliver.entity == "customer" and name not in CUSTOMER_FIELDS:
            known = ", ".join(CUSTOMER_FIELDS)
            raise DocumentError(file, f"deliver.owns[{number}]", f"a customer has no field '{name}' (known: {known})")


def _check_mapping(
    file: str, place: str, wanted: str, fits: tuple[str, str], mappings: Mapping[str, CompiledMapping]
) -> None:
    mapping = mappings.get(wanted)
    if mapping is None:
        raise DocumentError(file, place, f"there is no mapping '{wanted}'")
    system, direction = fits
    if (mapping.document.system, mapping.document.direction) != fits:
        raise DocumentError(file, place, f"'{wanted}' is not a mapping of {system}, direction {direction}")


def _with_modes(flows: dict[str, FlowDocument], modes: Mapping[str, Mode]) -> dict[str, FlowDocument]:
    unknown = sorted(set(modes) - set(flows))
    if unknown:
        raise DocumentError("settings", "modes", f"there is no flow '{unknown[0]}' (known: {', '.join(sorted(flows))})")
    return {
        name: flow.model_copy(update={"mode": modes[name]}) if name in modes else flow for name, flow in flows.items()
    }
