"""The four Grafana dashboards as code: ``python -m helm.dashboards`` writes ``helm/tillstream/dashboards/*.json``."""
