"""At the start: are the libraries what this package was made for? It relies on private parts of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

import aiokafka
import faust.streams
from aiokafka.consumer import fetcher, group_coordinator, subscription_state
from faust.app.base import App
from faust.stores import memory
from faust.tables.base import Collection
from faust.tables.recovery import Recovery
from faust.transport import conductor
from faust.transport.drivers import aiokafka as driver

VERSIONS: Mapping[str, str] = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}
"""Exactly these: a new version is tried on the regression tests first, then written here and in pyproject.toml."""

METHODS: Mapping[type, tuple[str, ...]] = {
    driver.Consumer: (
        "_new_consumer_thread",
        "_filter_tps_with_pending_acks",
        "_new_offset",
        "_commit_offsets",
        "_drain_messages",
        "_get_active_partitions",
        "_to_message",
        "perform_seek",
        "stop_flow",
        "resume_flow",
        "resume_partitions",
        "on_buffer_drop",
        "on_partitions_assigned",
        "on_partitions_revoked",
        "wait_empty",
        "maybe_wait_for_commit_to_finish",
        "verify_all_partitions_active",
    ),
    driver.Producer: ("_new_producer", "send", "flush", "on_stop"),
    App: ("_crash", "_new_transport", "_create_directories"),
    Collection: ("send_changelog",),
    Recovery: ("_recovery_started_at",),
    fetcher.Fetcher: ("fetched_records",),
    group_coordinator.GroupCoordinator: ("_send_req",),
}
"""What is overridden, called or read of a class."""

ATTRIBUTES: Mapping[type, tuple[str, ...]] = {
    driver.Consumer: ("_acked", "_acked_index", "_committed_offset", "_buffered_partitions"),
    aiokafka.AIOKafkaConsumer: ("_client", "_coordinator", "_fetcher", "_subscription", "_closed", "_max_poll_records"),
    aiokafka.AIOKafkaProducer: ("_sender",),
    fetcher.Fetcher: ("_fetch_task",),
    group_coordinator.GroupCoordinator: ("generation", "_pending_exception", "_coordination_task"),
    subscription_state.TopicPartitionState: ("timestamp", "highwater"),
}
"""What is read or written of instances; their constructors must set it."""


class WrongLibraries(RuntimeError):
    """Faust or aiokafka are not what this package relies on."""


def check_libraries(installed: Callable[[str], str] = version) -> None:
    """Raises WrongLibraries, which names everything that is not as it must be.

    Args:
        installed: the version of a distribution.
    """
    wrong = [*_versions(installed), *_private_parts(), *_compiled()]
    if wrong:
        raise WrongLibraries(
            f"the worker cannot run on these libraries: {'; '.join(wrong)}. Install what requirements.txt names: "
            "pip install --require-hashes -r requirements.txt"
        )


def _versions(installed: Callable[[str], str]) -> Iterator[str]:
    for name, wanted in VERSIONS.items():
        found = installed(name)
        if found != wanted:
            yield f"{name} is {found}, not {wanted}"


def _private_parts() -> Iterator[str]:
    for owner, names in METHODS.items():
        yield from (f"{owner.__qualname__} has no {name}" for name in names if not hasattr(owner, name))
    for owner, names in ATTRIBUTES.items():
        known = {name for base in owner.__mro__ if "__init__" in vars(base) for name in _names(base)}
        yield from (f"{owner.__qualname__} has no {name}" for name in names if name not in known)


def _names(owner: type) -> tuple[str, ...]:
    code = getattr(vars(owner)["__init__"], "__code__", None)
    return () if code is None else (*code.co_names, *vars(owner))


def _compiled() -> Iterator[str]:
    """Faust's Python twin of the iterator acknowledges records that it skips."""
    if faust.streams._CStreamIterator is None or conductor.ConductorHandler is None:  # noqa: SLF001 - no public sign
        yield "faust's compiled parts are missing (NO_CYTHON is set, or there is no wheel for this platform)"
    if "_key_partition" not in memory.Store.__post_init__.__code__.co_names:
        yield "faust's memory store has no _key_partition"
