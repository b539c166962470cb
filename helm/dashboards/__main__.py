"""``python -m helm.dashboards`` writes the dashboards' JSON."""

from __future__ import annotations

from helm.dashboards.files import DIRECTORY, write

if __name__ == "__main__":
    write(DIRECTORY)
