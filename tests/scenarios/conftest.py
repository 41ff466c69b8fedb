from tests.sepa.conftest import office

__all__ = ["office"]
