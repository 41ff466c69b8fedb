"""How durable the store is as it is configured: one server, or every server of a cluster."""

from collections.abc import Iterator
from typing import Any

from redis.cluster import RedisCluster
from redis.exceptions import RedisError

from metering.redis import Client

ENOUGH_INTSET = 16_384
Finding = tuple[str, bool, str]


def durability(client: Client) -> list[Finding]:
    """Return what was found about the store: (what, fine, finding with the fix)."""
    return list(_of_cluster(client) if isinstance(client, RedisCluster) else _of_server(client))


def _of_cluster(client: Any) -> Iterator[Finding]:
    """Yield what all servers have in common once, and what only some have with their names."""
    nodes = sorted(client.get_nodes(), key=lambda node: str(node.name))
    found: dict[Finding, list[str]] = {}
    for node in nodes:
        for finding in _of_node(client.get_redis_connection(node), bool(node.server_type == "primary")):
            found.setdefault(finding, []).append(str(node.name))
    for (what, fine, text), names in found.items():
        yield what, fine, text if len(names) == len(nodes) else f"{text}: {', '.join(names)}"


def _of_node(server: Any, is_primary: bool) -> Iterator[Finding]:  # noqa: FBT001 - one of two kinds
    try:
        yield from _of_server(server)
        state = server.cluster("INFO")["cluster_state"]
        yield "cluster", state == "ok", f"cluster_state {state} (needs ok)"
        if is_primary:
            copies = int(server.info("replication")["connected_slaves"])
            yield "replicas", copies > 0, "replicas follow" if copies else "no replica follows (start one)"
    except RedisError as error:
        yield "server", False, f"does not answer ({type(error).__name__})"


def _of_server(client: Any) -> Iterator[Finding]:
    info = client.info("server")
    name = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get("valkey_version", info["redis_version"]))
    least = 8 if name == "valkey" else 7
    config = (
        client.config_get("append*") | client.config_get("set-max-intset-entries") | client.config_get("maxmemory-*")
    )
    intset = int(config.get("set-max-intset-entries", 0))
    policy = config.get("maxmemory-policy", "?")
    yield "version", int(version.split(".", maxsplit=1)[0]) >= least, f"{name} {version} (needs {least} or newer)"
    yield "appendonly", config["appendonly"] == "yes", f"appendonly {config['appendonly']} (needs yes)"
    yield "appendfsync", config["appendfsync"] != "no", f"appendfsync {config['appendfsync']}"
    advice = f"exact anyway; {ENOUGH_INTSET} and more saves memory"
    yield "memory", intset >= ENOUGH_INTSET, f"set-max-intset-entries {intset} ({advice})"
    yield "eviction", policy == "noeviction", f"maxmemory-policy {policy} (needs noeviction)"
