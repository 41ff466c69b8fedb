"""What is said when a right cannot be judged, because something is missing or makes no sense."""


class RightsError(ValueError):
    """A question about a right cannot be answered like this; names the field and says the fix."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
