"""Structured logs: one JSON object a line, with IBANs and keys blotted out wherever they turn up."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

_SECRETS = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[\s-]?[A-Z0-9]){11,30}\b"  # an IBAN as it is written
    r"|\b[A-Za-z]{2}\d{2}(?:[\s-]?\d){11,30}\b"  # an IBAN of digits in small letters
    r"|\bzw_[A-Za-z0-9_-]{20,}"  # a key
    r"|(?<=://)[^/\s]+(?=@)"  # user and password in a URL
)
_BLOT = "[removed]"
_TALKATIVE = ("alembic", "weasyprint.progress")  # of these only warnings: each step they take is an INFO


class JsonLine(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message and traceback, without secrets."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": blot(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = blot(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def blot(text: str) -> str:
    """Return a text without IBANs, keys and passwords in URLs."""
    return _SECRETS.sub(_BLOT, text)


def configure(level: str) -> None:
    """Send every logger's records to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
