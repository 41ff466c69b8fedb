"""This process's figures in Prometheus' format."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

REGISTRY = CollectorRegistry()
EVENTS = Counter("zaehlwerk_events", "Events by what became of them", ["outcome"], registry=REGISTRY)

_ACCEPTED, _DUPLICATE, _REJECTED = (EVENTS.labels(each) for each in ("accepted", "duplicate", "rejected"))


def observe(accepted: int, duplicates: int, rejected: int) -> None:
    """Count what a request brought."""
    _ACCEPTED.inc(accepted)
    if duplicates:
        _DUPLICATE.inc(duplicates)
    if rejected:
        _REJECTED.inc(rejected)


def exposition() -> tuple[bytes, str]:
    """Return all figures and their content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
