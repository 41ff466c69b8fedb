"""The names of what the counter keeps.

Customers are spread over 64 partitions. Each partition has a hash tag, so that on a cluster everything of a customer,
and the journal that its events are written to, lie in one slot and change in one step. The tags are chosen so that
their slots divide the cluster's 16,384 evenly: however many primaries share the slots, they share the customers.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from redis.crc import key_slot
from xxhash import xxh3_64_intdigest

from metering.month import BillingMonth

PARTITIONS = 64
_SLOTS = 16_384
_REMEMBERED = 1_000_000


def _tags() -> Iterator[str]:
    """Yield one short tag per partition, the first whose slot lies in the partition's share."""
    found: dict[int, str] = {}
    for number in count():
        tag = f"{number:x}"
        found.setdefault(key_slot(tag.encode()) * PARTITIONS // _SLOTS, tag)
        if len(found) == PARTITIONS:
            break
    yield from (found[partition] for partition in range(PARTITIONS))


TAGS = tuple(_tags())
STREAMS = tuple(f"zw:{{{tag}}}:journal" for tag in TAGS)


@lru_cache(_REMEMBERED)
def partition_of(customer: str) -> int:
    """Return the partition that a customer belongs to, for ever."""
    return xxh3_64_intdigest(customer.encode()) % PARTITIONS


def key_of(customer: str, month: BillingMonth | str) -> str:
    """Return the key of a customer's month."""
    return f"zw:{{{TAGS[partition_of(customer)]}}}:{customer}:{month}"
