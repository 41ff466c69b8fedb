"""The demo's traffic: a month of events as workflow engines would post them, mishaps included.

The same seed gives the same bytes. Customers follow a power law, workflows start in working hours with a
dip at noon and hardly at all on weekends, some run in bursts (month-end run, import). A run is one trigger
and up to six further events. Mishaps: batches posted again, single events posted again, batches that arrive
late or shuffled, invalid events, one id used by two customers, an unknown customer, and events on both
sides of local midnight, of the month's edges and of the change of summer time.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, chain, islice, pairwise

from api.demo.customers import UNKNOWN_CUSTOMER, DemoCustomer
from api.demo.independent_count import Expected, IndependentCount
from metering.month import BERLIN, BillingMonth

LARGEST_BATCH = 1_000
_FRESH, _LEAST_BATCHES = 960, 60
_HOUR = 3_600_000
_NIGHT = 0.03
_WORKDAY = (*[_NIGHT] * 7, 0.5, 0.9, 1.2, 1.3, 1.2, 0.6, 0.8, 1.2, 1.2, 1.0, 0.7, 0.4, *[_NIGHT] * 5)
_WEEKEND = (*[_NIGHT] * 10, *[2 * _NIGHT] * 7, *[_NIGHT] * 7)
_SATURDAY = 5
_TRIGGERS = ("fluks-forms", "domus", "emails", "schedule")
_ACTIONS = ("documents", "emails", "letterxpress", "domus", "fluks-forms", "datev", "sftp")
_CONNECTOR_SHARE, _SEVERAL_UNITS_SHARE = 0.07, 0.01
# Mishaps come in rhythms: every so many batches, at this place.
_FAULTY, _BORROWED, _SHUFFLED, _DELAYED, _REPEATED = (4, 1), (10, 3), (5, 2), (17, 8), (25, 6)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]

Run = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Batch:
    """A JSON array of at most LARGEST_BATCH events, and what the service answers when posted in order."""

    body: bytes
    size: int
    expected: Expected


class Traffic:
    """The traffic of a month that has ended; ``count`` grows as batches are taken.

    ``total_events`` is how many different valid events are made, those of the unknown customer included; the
    few that borrow another customer's id, the copies and the invalid ones come on top.
    """

    def __init__(
        self,
        seed: int,
        month: BillingMonth,
        customers: Sequence[DemoCustomer],
        total_events: int,
        now: datetime,
    ) -> None:
        if now < month.end:
            raise ValueError(f"the demo's month must have ended: {month} has not at {now.isoformat()}")
        self.count = IndependentCount(now)
        self._seed, self._month, self._now, self._total = seed, month, now, total_events
        self._customers = [customer for customer in customers if customer.appetite > 0]
        self._whole_month = [c for c in self._customers if c.starts_on <= month.first_day and not c.ends_on]
        self._hours = list(_hours(month))
        self._first: list[str] = []

    def batches(self) -> Iterator[Batch]:
        """Yield the month's batches in the order of posting."""
        plan = planned_events(self._customers, self._total)
        size = max(1, min(_FRESH, self._total // _LEAST_BATCHES))
        for texts in self._disturbed(_chunks(self._runs("month", plan), size)):
            self._first = self._first or texts
            yield self._batch(texts)

    def late_batches(self, events: int) -> Iterator[Batch]:
        """Yield batches to post after the close: new events of the month, and some counted before it."""
        self.count.close()
        plan = planned_events(self._whole_month, events, unknown=0)
        for texts in _chunks(self._runs("late", plan), _FRESH):
            yield self._batch(texts + self._first[: LARGEST_BATCH - _FRESH])

    def _batch(self, texts: list[str]) -> Batch:
        body = f"[{','.join(texts)}]".encode()
        return Batch(body, len(texts), self.count.add(body))

    def _rng(self, name: str) -> random.Random:
        return random.Random(f"{self._seed}/{self._month}/{name}")  # noqa: S311 - traffic, not secrets

    def _runs(self, label: str, plan: dict[str, int]) -> Iterator[list[str]]:
        """Merge the customers' workflow runs in order of time."""
        edge = max(self._whole_month, key=lambda customer: plan[customer.id])
        edges = _edges(self._month) if label == "month" else []
        edges = edges[: plan[edge.id]]
        sources = [
            self._customer_runs(label, c, plan[c.id] - len(edges) * (c is edge))
            for c in self._customers
            if c.id in plan
        ]
        unknown = _Writer(self._rng(f"{label}/unknown"), UNKNOWN_CUSTOMER, 0)
        sources.append(self._spread(unknown, self._weights(None, unknown.rng), plan[UNKNOWN_CUSTOMER]))
        writer = _Writer(self._rng(f"{label}/edges"), edge.id, 1)
        sources.append((ms, writer.run([ms], action=n % 3 > 0)) for n, ms in enumerate(edges))
        return (texts for _, texts in heapq.merge(*sources))

    def _customer_runs(self, label: str, customer: DemoCustomer, events: int) -> Iterator[Run]:
        writer = _Writer(self._rng(f"{label}/{customer.id}"), customer.id, int(customer.id.rpartition("-")[2]))
        return self._spread(writer, self._weights(customer, writer.rng), events)

    def _spread(self, writer: "_Writer", weights: list[float], events: int) -> Iterator[Run]:
        sizes = []
        while events > 0:
            sizes.append(min(events, 2 + int(writer.rng.random() * 6)))
            events -= sizes[-1]
        hours = writer.rng.choices(self._hours, cum_weights=list(accumulate(weights)), k=len(sizes))
        starts = sorted(int(ms + writer.rng.random() * _HOUR) for ms, _, _ in hours)
        last = round(self._month.end.timestamp() * 1000) - 1
        for start, size in zip(starts, sizes, strict=True):
            yield start, writer.run(writer.steps(start, size, last))

    def _weights(self, customer: DemoCustomer | None, rng: random.Random) -> list[float]:
        """How likely a run starts in each hour: the daily curve, bursts, nothing outside the contract."""
        weights = [weight for _, _, weight in self._hours]
        busy = [place for place, weight in enumerate(weights) if weight >= 1]
        if rng.random() < 1 / 3:
            for place in busy[-4:]:
                weights[place] *= 6
        if rng.random() < 1 / 4:
            weights[rng.choice(busy)] *= 40
        if customer is None:
            return weights
        first = customer.starts_on
        return [0.0 if day < first else weight for (_, day, _), weight in zip(self._hours, weights, strict=True)]

    def _disturbed(self, chunks: Iterator[list[str]]) -> Iterator[list[str]]:
        """Add the mishaps; every kind occurs from 60 batches on."""
        rng = self._rng("mishaps")
        faults = self._faults(rng)
        waiting: list[tuple[int, list[str]]] = []
        before: list[str] = []
        for number, fresh in enumerate(chunks):
            copies = rng.choices(fresh + before, k=1 + len(fresh) // 250)
            extras = [next(faults)] if _due(number, _FAULTY) else []
            extras += [self._borrowed(rng, fresh[0])] if _due(number, _BORROWED) else []
            texts, before = fresh + copies + extras, fresh
            if _due(number, _SHUFFLED):
                rng.shuffle(texts)
            if _due(number, _DELAYED):
                waiting.append((number + 4, texts))
            else:
                yield texts
            if _due(number, _REPEATED):
                waiting.append((number + 2, texts))
            yield from (texts for due, texts in waiting if due == number)
            waiting = [(due, texts) for due, texts in waiting if due > number]
        yield from (texts for _, texts in waiting)

    def _borrowed(self, rng: random.Random, text: str) -> str:
        """Write the event once more for another customer: the same id, yet an event of its own."""
        owner = text.split('"customer":"', 1)[1].split('"', 1)[0]
        other = rng.choice([customer.id for customer in self._whole_month if customer.id != owner])
        return text.replace(f'"customer":"{owner}"', f'"customer":"{other}"')

    def _faults(self, rng: random.Random) -> Iterator[str]:
        """Yield events that must be refused, each kind in turn."""
        tomorrow = (self._now + timedelta(days=1)).astimezone(UTC).isoformat()
        noon = datetime.combine(self._month.first_day, time(12), BERLIN)
        kinds = (
            '{{"customer":"{0}","type":"action","time":"{2}"}}',
            '{{"id":"{1}","customer":"{0}","type":"action","time":"{3}"}}',
            '{{"id":"{1}","customer":"{0}","type":"workflow","time":"{2}"}}',
            '{{"id":"{1}","customer":"{0}","type":"action","time":"{4}"}}',
            '{{"id":"{1}","customer":"{0}","type":"action","time":"{2}","quantity":-1}}',
        )
        while True:
            for kind in kinds:
                customer = rng.choice(self._whole_month).id
                identity = _uuid7(round(noon.timestamp() * 1000), rng.getrandbits(74))
                naive = noon.replace(tzinfo=None).isoformat()
                yield kind.format(customer, identity, noon.isoformat(), naive, tomorrow)


def _due(number: int, rhythm: tuple[int, int]) -> bool:
    every, place = rhythm
    return number % every == place


def planned_events(customers: Sequence[DemoCustomer], total: int, *, unknown: int | None = None) -> dict[str, int]:
    """Share events among customers by appetite, by default a thousandth for the unknown one; all are shared."""
    if unknown is None:
        unknown = min(total, max(5, total // 1_000))
    hunger = sum(customer.appetite for customer in customers)
    plan = {customer.id: int((total - unknown) * customer.appetite / hunger) for customer in customers}
    plan[max(plan, key=plan.__getitem__)] += total - unknown - sum(plan.values())
    return {**plan, UNKNOWN_CUSTOMER: unknown}


def _hours(month: BillingMonth) -> Iterator[tuple[int, date, float]]:
    """Yield each hour of the month: its first millisecond, its local day, how busy it is."""
    for second in range(round(month.start.timestamp()), round(month.end.timestamp()), 3_600):
        local = datetime.fromtimestamp(second, BERLIN)
        curve = _WEEKEND if local.weekday() >= _SATURDAY else _WORKDAY
        yield second * 1_000, local.date(), curve[local.hour]


def _edges(month: BillingMonth) -> list[int]:
    """Milliseconds on, right before and right after each local midnight and each change of summer time."""
    starts = [datetime.combine(day, time(), BERLIN) for day in month.days()] + [month.end]
    marks = [round(start.timestamp() * 1_000) for start in starts]
    changes = [
        round(datetime.combine(day.date(), time(1), UTC).timestamp() * 1_000)
        for day, after in pairwise(starts)
        if day.utcoffset() != after.utcoffset()
    ]
    spots = [mark + step for mark in marks for step in (-1, 0, 1)]
    spots += [change + step for change in changes for step in (-_HOUR // 2, -1, 0, 1, _HOUR // 2)]
    return sorted(spot for spot in spots if marks[0] <= spot < marks[-1])


def _chunks(runs: Iterator[list[str]], size: int) -> Iterator[list[str]]:
    texts = chain.from_iterable(runs)
    while chunk := list(islice(texts, size)):
        yield chunk


def _uuid7(ms: int, bits: int) -> str:
    """Spell 48 bits of time and 74 random ones as a version 7 UUID."""
    variant = 0x8000 | (bits >> 12 & 0x3FFF)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{bits & 0xFFF:03x}-{variant:04x}-{bits >> 26:012x}"


def _ulid(ms: int, bits: int) -> str:
    value = ms << 80 | bits
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])


class _Writer:
    """Writes a customer's events: its way of spelling ids and times, its workflows."""

    def __init__(self, rng: random.Random, customer: str, number: int) -> None:
        self.rng = rng
        self._customer = customer
        self._identity: Callable[[int, int], str] = _ulid if number % 4 == 0 else _uuid7
        self._zone = BERLIN if number % 3 == 0 else UTC
        self._workflows = [f"wf-{number % 89}{n}" for n in range(1 + number % 6)]
        self._hours: dict[int, tuple[str, str]] = {}

    def steps(self, start: int, size: int, last: int) -> list[int]:
        """Return the instants of a run: within seconds of each other, none after the last millisecond."""
        draw = self.rng.random
        steps = [start]
        for _ in range(size - 1):
            steps.append(steps[-1] + 40 + int(draw() ** 3 * 20_000))
        return steps if steps[-1] <= last else [min(step, last) for step in steps]

    def run(self, steps: list[int], *, action: bool = False) -> list[str]:
        """Write a trigger and its actions; now and then an activity in a connector, or several units at once."""
        draw, choice = self.rng.random, self.rng.choice
        workflow, texts = choice(self._workflows), []
        for place, ms in enumerate(steps):
            kind, connector, more = "trigger", choice(_TRIGGERS), ""
            if place or action:
                luck = draw()
                kind = "connector" if luck < _CONNECTOR_SHARE else "action"
                connector = choice(_ACTIONS)
                more = f',"quantity":{2 + int(luck * 1000) % 3}' if luck > 1 - _SEVERAL_UNITS_SHARE else ""
            identity = self._identity(ms, self.rng.getrandbits(74))
            texts.append(
                f'{{"id":"{identity}","customer":"{self._customer}","type":"{kind}","time":"{self._stamp(ms)}",'
                f'"workflow":"{workflow}","connector":"{connector}"{more}}}'
            )
        return texts

    def _stamp(self, ms: int) -> str:
        hour, rest = divmod(ms, _HOUR)
        if hour not in self._hours:
            spelled = datetime.fromtimestamp(hour * 3_600, self._zone).isoformat()
            self._hours[hour] = spelled[:14], spelled[19:].replace("+00:00", "Z")
        head, offset = self._hours[hour]
        second = rest // 1_000
        return f"{head}{second // 60:02d}:{second % 60:02d}.{rest % 1_000:03d}{offset}"
