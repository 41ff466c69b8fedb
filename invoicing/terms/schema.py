"""The JSON Schema of a terms file, for editors: made from the dataclasses that the file is read into.

What a table is, its class says; what a key means, the words below its field say, or those in ``COMMON``, which go by
the name of a key, or of its class and it.
"""

import ast
import inspect
import json
import re
from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from invoicing.terms.shape import SHAPE

DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest one that editors of TOML know
SETTING = "Setting"
_BOUNDS = {"ge": "minimum", "le": "maximum"}
_DIGITS = {"max_digits", "decimal_places"}  # a schema cannot say them of a number
COMMON = {
    "id": "The name of the terms, like the file's own without `.toml`.",
    "title": "The title and the version of the text.",
    "vendor": "Whose terms these are.",
    "cite": "What the text is called where a clause is cited, for example `Muster AGB`.",
    "currency": "The currency of all prices.",
    "rules": "How a contract is billed, paid, changed and ended.",
    "meters": "What it measures; several are added up.",
    "Terms.meters": "What is measured, by the type that its events name.",
    "packages": "What is on offer: a contract is for one package.",
    "addons": "Modules that are booked beside a package.",
    "services": "Work, expenses and orders, which are booked one by one.",
    "clauses": "What each cited clause means: one German sentence, printed on invoices.",
    "example_prices": "The text names no prices: those in the file are examples, to be replaced.",
    "label": "The name on invoices, in German.",
    "plural": "The name of many units, in German.",
    "clause": "The clause that it comes from, as it is cited; a law begins with `§`.",
    "aggregate": "How a month's events become one number; without any event in a month a level is 0.",
    "of": "What it is reckoned from.",
    "Meter.of": "The field of an event whose different values are counted.",
    "prices": "What it costs: any number of price models, each with its `model`.",
    "includes": "The add-ons that cost nothing beside the package.",
    "includes_clause": "The clause that says so.",
    "term": "A term of its own, instead of `rules.term`.",
    "value": "What holds.",
    "silent": "The text says nothing: the value is a default of ours.",
    "model": "The price model.",
    "price": "In euro, up to 6 decimals, net or gross as `rules.prices` says.",
    "included": "How many units cost nothing.",
    "tiers": "The tiers, rising.",
    "up_to": "The last unit of the tier; the last tier has none.",
    "size": "How many units are in a block.",
    "percent": "How much of it is credited.",
    "roles": "Who works, and at which price per hour.",
    "step_minutes": "Each entry of a timesheet is rounded up to a multiple of it.",
    "categories": "The kinds of expenses, in German.",
    "months": "Number of months.",
    "weeks": "Number of weeks.",
    "days": "Number of days.",
    "Withdrawal.days": "Within how many days the customer may withdraw.",
    "Due.days": "How many days the customer has to pay.",
    "Exit.months": "Over how many months rises are added up.",
    "ForCause.days": "How many days after a reminder.",
    "Term.months": "How long the contract runs at least, and again if it renews; 0 is without a minimum.",
    "to": "To which day the period must run out.",
    "renew_months": "How long it is renewed each time; 0: as long as the first term.",
    "Silence.prices": "Whether new terms may raise what is booked, unless the customer objects.",
    "renewal": "What follows when nobody ends the contract.",
    "on": "On which days it takes effect.",
    "days_before_term_end": "How long before the end of the term it must be agreed.",
    "after": "From when the days are counted.",
    "over_percent": "How much prices must rise within the months.",
    "first_after_months": "How long prices stay as agreed at first.",
    "every_months": "How long they stay after a rise.",
    "notice_months": "How long before the end of a month a rise is announced.",
    "exits": "Beyond which rises the customer may end the contract.",
    "exit_months": "How long after receipt the customer may do so.",
    "within": "How long after the objection the provider may do so.",
    "ObjectionExit.notice": "The period of notice; it runs out at a month's end.",
    "begins": "When default begins.",
    "dunning_costs": "Whether the costs of reminders are charged.",
    "when": "What must have happened.",
    "monthly_fees": "More than how many monthly fees must be overdue.",
    "max_months": "How long it may last; 0 is without end.",
    "first_fee": "Whether the first monthly fee alone is enough.",
    "refund_days": "Within how many days the money is paid back.",
    "percent_per_week": "For each completed week.",
    "at_most_percent": "The most there is.",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a terms file."""
    made = SHAPE.json_schema(ref_template="#/definitions/{model}", schema_generator=_Generator)
    kinds = made.pop("$defs")
    named = {name: kind for name, kind in sorted(kinds.items()) if not name.startswith(SETTING)}
    whole = {"$schema": DIALECT, "title": "Terms file", **made, "definitions": named}
    tidy: dict[str, Any] = _tidy(whole, kinds)
    return tidy


def schema_text() -> str:
    """Return the JSON Schema as it stands in ``docs/terms.schema.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Says what TOML can say: numbers without quotes, keys left out instead of null."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        del schema
        return {"type": "number"}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value is not None}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        made = super().tagged_union_schema(schema)
        return {key: value for key, value in made.items() if key != "discriminator"}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        made, cls = super().dataclass_schema(schema), schema["cls"]
        words = COMMON | _fields(cls)
        made["description"] = _plain(inspect.getdoc(cls) or "")
        for name, key in made["properties"].items():
            key["description"] = words.get(f"{cls.__name__}.{name}") or words[name]
        made.pop("title", None)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _tidy(node: Any, kinds: Mapping[str, Any]) -> Any:
    """Put each value-with-clause where it is used, described as the rule that it is; name the bounds of numbers."""
    if isinstance(node, list):
        return [_tidy(each, kinds) for each in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if name.startswith(SETTING):
        node = {**kinds[name], "description": node["description"]}
    return {_BOUNDS.get(key, key): _tidy(value, kinds) for key, value in node.items() if key not in _DIGITS}


def _fields(cls: type) -> dict[str, str]:
    """Return the words below each field of a class."""
    body = ast.parse(dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101  # what the source of a class begins with
    pairs = zip(body.body, body.body[1:], strict=False)
    return {
        field.target.id: _plain(words.value.value)
        for field, words in pairs
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
        and isinstance(words.value.value, str)
    }


def _plain(words: str) -> str:
    """Join lines to paragraphs, with code in single backquotes."""
    paragraphs = re.split(r"\n\s*\n", words.replace("``", "`"))
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)
