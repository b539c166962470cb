"""Writes the definitions in ``crds/`` anew: ``python -m tests.helm.vendor_crds``, with Go on the path.

They are the operators' own, from the Go module proxy, without descriptions and without versions that the chart does
not use.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CRDS = Path(__file__).parent / "crds"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a Go module that defines one kind; all four are under Apache-2.0."""

    module: str
    version: str
    path: str
    served: str


SOURCES = (
    Source("github.com/kedacore/keda/v2", "v2.21.0", "config/crd/bases/keda.sh_scaledobjects.yaml", "v1alpha1"),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "v1",
    ),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        "v1",
    ),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        "v1",
    ),
    Source(
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
        "v1",
    ),
    Source("sigs.k8s.io/gateway-api", "v1.6.1", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "v1"),
)


def main() -> None:
    """Fetch, trim, write."""
    for source in SOURCES:
        definition = yaml.safe_load((_module(source) / source.path).read_text())
        definition.pop("status", None)
        spec = definition["spec"]
        spec["versions"] = [one for one in spec["versions"] if one["name"] == source.served]
        spec["versions"][0]["storage"] = True
        spec["versions"][0]["schema"]["openAPIV3Schema"] = _trimmed(spec["versions"][0]["schema"]["openAPIV3Schema"])
        spec.pop("conversion", None)
        definition["metadata"]["annotations"] = {
            "source": f"{source.module}@{source.version}/{source.path}",
            "licence": "Apache-2.0",
            # the API server takes definitions of this group only with a note of their approval
            **{
                key: value
                for key, value in definition["metadata"].get("annotations", {}).items()
                if key == "api-approved.kubernetes.io"
            },
        }
        (CRDS / f"{definition['metadata']['name']}.json").write_text(json.dumps(definition, separators=(",", ":")))


def _module(source: Source) -> Path:
    with tempfile.TemporaryDirectory() as directory:
        told = subprocess.run(
            ["go", "mod", "download", "-json", f"{source.module}@{source.version}"],
            cwd=directory,
            env=os.environ | {"GOFLAGS": "-mod=mod"},
            check=True,
            capture_output=True,
        )
    return Path(json.loads(told.stdout)["Dir"])


def _trimmed(schema: Any) -> Any:
    """Without descriptions; a property may be called so, too."""
    if isinstance(schema, list):
        return [_trimmed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _trimmed(one) for name, one in value.items()} if key == "properties" else _trimmed(value)
        for key, value in schema.items()
        if key != "description"
    }


if __name__ == "__main__":
    main()
