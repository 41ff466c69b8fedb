import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from metering.keys import PARTITIONS, STREAMS, TAGS, key_of, partition_of
from tests.metering.samples import NOVEMBER, OCTOBER

SLOTS = 16_384
CUSTOMERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}", fullmatch=True)


def slot(key: str) -> int:
    return int(key_slot(key.encode()))


def test_every_partition_has_a_tag_and_a_stream_of_its_own() -> None:
    assert [len(set(each)) for each in (TAGS, STREAMS)] == [PARTITIONS, PARTITIONS]
    assert [slot(stream) * PARTITIONS // SLOTS for stream in STREAMS] == list(range(PARTITIONS))


@pytest.mark.parametrize("primaries", [1, 2, 3, 4, 5, 6, 16, 64])
def test_primaries_that_share_the_slots_evenly_share_the_partitions_evenly(primaries: int) -> None:
    shares = [sum(slot(stream) * primaries // SLOTS == each for stream in STREAMS) for each in range(primaries)]
    assert max(shares) - min(shares) <= (PARTITIONS % primaries and 2)


def test_customers_are_spread_over_all_partitions() -> None:
    shares = [0] * PARTITIONS
    for number in range(64_000):
        shares[partition_of(f"k-{number}")] += 1
    assert min(shares) > 850
    assert max(shares) < 1_150


@given(CUSTOMERS)
def test_everything_of_a_customer_lies_in_the_slot_of_its_partition_s_stream(customer: str) -> None:
    keys = [key_of(customer, OCTOBER), f"{key_of(customer, NOVEMBER)}:more", STREAMS[partition_of(customer)]]
    assert len({slot(key) for key in keys}) == 1


@given(CUSTOMERS, CUSTOMERS)
def test_no_two_customers_share_a_key(one: str, other: str) -> None:
    assert (key_of(one, OCTOBER) == key_of(other, OCTOBER)) == (one == other)
    assert key_of(one, OCTOBER) == key_of(one, "2026-10")


@pytest.mark.parametrize(
    ("customer", "key"),
    [
        ("k-1007", "zw:{f1}:k-1007:2026-10"),
        ("a:b:c", "zw:{6b}:a:b:c:2026-10"),
        ("k:2026-10", "zw:{c1}:k:2026-10:2026-10"),
    ],
)
def test_a_customer_s_key_never_changes(customer: str, key: str) -> None:
    """Another key would be another counter: what was counted would be forgotten."""
    assert key_of(customer, OCTOBER) == key
