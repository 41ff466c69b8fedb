"""What a line that is no TOML probably means: the mistakes that people make who write files by hand."""

import re

_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
_HINTS = (
    (re.compile(r"[„“”‚‘’«»]"), 'write straight quotation marks: "…"'),
    (re.compile(r"[\"']"), "a quotation mark is missing"),
    (re.compile(r"=\s*([+-]?\d[\d_]*),(\d+)"), r"write \1.\2, with a point"),
    (re.compile(r";"), "no ; in TOML: each value ends with its line, or with a comma between braces or brackets"),
    (re.compile(r"=\s*(?!(?:true|false|inf|nan)\b)[^\W\d]"), 'text stands in quotation marks: "…"'),
)


def hint(line: str) -> str:
    """Return what is to be changed in a line with a syntax error; nothing where that is not plain to see."""
    bare = re.sub(r"#.*", "", _STRINGS.sub("0", line))
    for pattern, fix in _HINTS:
        if found := pattern.search(bare):
            return found.expand(fix)
    return ""
