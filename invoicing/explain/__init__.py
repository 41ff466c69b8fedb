"""From the amount back to the contract: every line of an issued invoice, down to clause, formula, inputs and days.

Works from the frozen invoice alone and reckons everything again: ``problems`` is empty when every cent adds up.
"""

from invoicing.explain.proof import problems
from invoicing.explain.text import render
from invoicing.explain.unfold import ExplainedLine, Explanation, UnknownLineError, explain

__all__ = ["ExplainedLine", "Explanation", "UnknownLineError", "explain", "problems", "render"]
