"""Settings, from the environment and a TOML file. ``Settings.load()`` is the way in."""

from app.settings.load import load_settings
from app.settings.model import (
    FlowSettings,
    IngressSettings,
    KafkaSettings,
    PollingSettings,
    Settings,
    StatusSettings,
    StoreSettings,
    WorkerSettings,
)
from app.settings.problems import SettingsError

__all__ = [
    "FlowSettings",
    "IngressSettings",
    "KafkaSettings",
    "PollingSettings",
    "Settings",
    "SettingsError",
    "StatusSettings",
    "StoreSettings",
    "WorkerSettings",
    "load_settings",
]
