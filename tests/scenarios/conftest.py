from tests.api.conftest import service
from tests.sepa.conftest import office

__all__ = ["office", "service"]
