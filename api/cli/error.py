"""Which errors are meant for people, and what is said of them."""

from sqlalchemy.exc import SQLAlchemyError

from api.demo.process import DemoError
from api.errors import STATUS
from api.event_client import SendError
from api.event_file import EventFileError
from api.event_mapping import MappingError
from invoicing.terms import TermsError

_FOR_PEOPLE: tuple[type[Exception], ...] = (*STATUS, TermsError, SendError, EventFileError, MappingError, DemoError)


def line_for_people(error: Exception) -> str | None:
    """Return what to say of an error; None when it is a mistake of ours, whose traceback is wanted."""
    if not isinstance(error, _FOR_PEOPLE):
        return None
    # a database error's other lines are the statement and its values
    return str(error).splitlines()[0] if isinstance(error, SQLAlchemyError) else str(error)
