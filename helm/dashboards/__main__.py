"""``python -m helm.dashboards`` writes the dashboards' JSON; with ``--check`` it only tells which files differ."""

from __future__ import annotations

import argparse
import sys

from helm.dashboards.files import DIRECTORY, differing, write


def main() -> int:
    """Write, or with ``--check`` compare. Returns 1 if files differ."""
    parser = argparse.ArgumentParser(prog="python -m helm.dashboards", description="Grafana dashboards as code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not what the code makes")
    if not parser.parse_args().check:
        write(DIRECTORY)
        return 0
    differ = differing(DIRECTORY)
    if differ:
        print(f"not what the code makes: {', '.join(differ)} in {DIRECTORY}; run `python -m helm.dashboards`")  # noqa: T201
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
