"""Who is asking: dependencies that every route carries. A test walks the routes and finds none without."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPBearer

from api.security import Identity, Role
from api.workplace import Workplace

COOKIE = "zaehlwerk"
_BEARER = HTTPBearer(auto_error=False, description="A key from `zaehlwerk key create`")


def workplace(request: Request) -> Workplace:
    """Return what the process works with."""
    work: Workplace = request.app.state.work
    return work


Work = Annotated[Workplace, Depends(workplace)]


class Needs:
    """A dependency that admits a role and everything above it.

    A login's cookie is admitted for reading only, so that no foreign page can make a browser change anything.
    """

    def __init__(self, role: Role) -> None:
        """Admit ``role`` and above."""
        self.role: Role = role

    def __call__(self, request: Request, work: Work, _: Annotated[object, Security(_BEARER)]) -> Identity:
        """Return who asks; 401 for nobody, 403 for too low a role."""
        identity = work.keyring.by_header(request.headers.get("authorization"))
        if identity is None and request.method in {"GET", "HEAD"} and (token := request.cookies.get(COOKIE)):
            identity = work.keyring.by_session(token, work.clock())
        if identity is None:
            raise HTTPException(401, "Send Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"})
        if not identity.may(self.role):
            raise HTTPException(403, f"This needs the role {self.role}; the key {identity.name!r} is {identity.role}.")
        return identity


Engine = Annotated[Identity, Depends(Needs("engine"))]
Finance = Annotated[Identity, Depends(Needs("finance"))]
