"""What is said when a contract cannot be started, changed or ended like this."""


class ContractError(ValueError):
    """A contract cannot be started, changed or ended like this; names the field and says the fix."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
