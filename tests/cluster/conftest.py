"""One cluster for all tests here; each finds it well and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from metering.redis import Connection, open_redis
from tests.cluster.nodes import Nodes


@pytest.fixture(scope="session")
def running_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    nodes = Nodes(tmp_path_factory.mktemp("cluster"))
    yield nodes
    nodes.end()


@pytest.fixture
def nodes(running_nodes: Nodes) -> Nodes:
    """A cluster that is well and empty, whatever the test before did."""
    running_nodes.heal()
    running_nodes.empty()
    return running_nodes


@pytest.fixture
def cluster(nodes: Nodes, tmp_path: Path) -> Iterator[Connection]:
    """The counter on the cluster."""
    with open_redis(nodes.url, tmp_path) as connection:
        yield connection
