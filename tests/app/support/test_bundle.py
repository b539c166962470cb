"""``tillstream support-bundle``: it is made even when everything is down, and tells no secret."""

from __future__ import annotations

import asyncio
import io
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.commands import support
from app.connections import MagentoConnection
from app.settings import KafkaSettings, Settings, StoreSettings
from app.store import Store
from app.support import sections
from app.support.bundle import archive
from app.support.masking import Masker, secrets_of
from streams.ports import JournalEntry, Outcome

NOBODY = "127.0.0.1:9"


def settings(store_url: str, kafka: str = NOBODY) -> Settings:
    web = {
        "system": "magento",
        "base_url": f"http://{NOBODY}",
        "bearer_token": "the-token-of-the-shop",
        "webhooks": {"secrets": ["the-webhooks-secret"]},
    }
    return Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        kafka=KafkaSettings(bootstrap_servers=kafka, sasl_password=SecretStr("the-brokers-password")),
        connections={"web": MagentoConnection.model_validate(web)},
    )


def files_of(made: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(made)) as tar:
        return {
            Path(entry.name).name: found.read().decode()
            for entry in tar.getmembers()
            if (found := tar.extractfile(entry)) is not None
        }


async def test_a_section_that_fails_says_why_and_keeps_no_other_from_being_told() -> None:
    async def broken(_settings: Settings) -> str:
        raise RuntimeError("Kafka is away")

    shop = settings("postgresql://till@127.0.0.1:9/till")
    told = await sections.told(shop, {"broken.txt": broken, "about.txt": sections.about})
    assert told["broken.txt"] == "could not be read: RuntimeError: Kafka is away\n"
    assert told["about.txt"].startswith("tillstream ")


async def test_a_section_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging(_settings: Settings) -> str:
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr(sections, "SECTION_SECONDS", 0.01)
    told = await sections.told(settings("postgresql://till@127.0.0.1:9/till"), {"hanging.txt": hanging})
    assert "given up" in told["hanging.txt"]


def test_no_configured_secret_is_in_a_bundle_that_is_full_of_them() -> None:
    shop = settings("postgresql://till:the-stores-password@127.0.0.1:9/till")
    secrets = secrets_of(shop)
    assert len(secrets) >= 5
    leaking = {f"{name}.txt": "\n".join(f"{name} {secret} and {secret}!" for secret in secrets) for name in "ab"}
    made = files_of(archive(leaking, Masker(secrets), datetime(2026, 11, 24, tzinfo=UTC)))
    assert set(made) == {"a.txt", "b.txt"}
    assert [secret for secret in secrets for text in made.values() if secret in text] == []


async def test_it_goes_to_standard_output_out_of_a_container(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kubectl exec ... -- tillstream support-bundle - > bundle.tar.gz``: the archive and nothing else."""
    monkeypatch.setattr(support, "SECTIONS", {"about.txt": sections.about})
    assert await support.write(settings("postgresql://till@127.0.0.1:9/till"), "-", None) == 0
    told = capsysbinary.readouterr()
    assert files_of(told.out)["about.txt"].startswith("tillstream ")
    assert told.err == b""


async def test_with_nothing_but_a_store_it_tells_what_is_amiss_and_no_secret(
    store_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about_ada = JournalEntry(
        receipt_id="r1",
        at=datetime(2026, 11, 24, tzinfo=UTC),
        stage="deliver",
        outcome=Outcome.IN_REVIEW,
        step="find_customer",
        subject="ada@example.com",
        message="Ada Archer has two profiles",
    )
    await store.journal.write([about_ada])
    shop = settings(store_url)
    monkeypatch.setattr(
        sys, "stdin", io.StringIO("web | Authorization: Bearer the-token-of-the-shop ada@example.com\n")
    )
    monkeypatch.setattr(sections, "SECTION_SECONDS", 5.0)
    file = tmp_path / "bundle.tar.gz"
    assert await support.write(shop, str(file), "-") == 0
    assert file.stat().st_mode & 0o077 == 0
    made = files_of(file.read_bytes())
    assert set(made) == {*sections.SECTIONS, "logs.txt"}
    assert '"find_customer"' in made["journal.jsonl"]
    assert "kafka" in made["doctor.txt"].lower() or "given up" in made["doctor.txt"]
    whole = "\n".join(made.values())
    assert [secret for secret in secrets_of(shop) if secret in whole] == []
    for personal in ("ada@example.com", "Ada Archer"):
        assert personal not in whole
