"""Speaking OpenID Connect: authorization code with PKCE, state and nonce, to one provider that the settings name.

Nothing of what the provider says counts before its signature, issuer, audience, times and nonce were checked.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from archive_service.errors import Forbidden, Unavailable

SECONDS = 10
KEPT = 600
"""Seconds that the provider's description and keys are kept."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures that are taken; nothing that a shared secret signs, and never none."""

SLACK = 60
LARGEST = 1_000_000


@dataclass(frozen=True)
class Asked:
    """Where to send the browser, and what its return is held against."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Told:
    """What the provider says of who signed in there."""

    subject: str
    groups: frozenset[str]


@dataclass
class Provider:
    """One provider, known by its issuer."""

    issuer: str
    client_id: str
    secret: str
    groups_claim: str
    back: str
    """Address to which the provider sends the browser back."""

    _kept: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict, repr=False)

    def ask(self) -> Asked:
        """Begin a sign-in."""
        from authlib.common.security import generate_token

        nonce, verifier = secrets.token_urlsafe(24), generate_token(64)
        address, state = self._session().create_authorization_url(
            self._endpoint("authorization_endpoint"), nonce=nonce, code_verifier=verifier
        )
        return Asked(str(address), str(state), nonce, verifier)

    def answer(self, code: str, nonce: str, verifier: str) -> Told:
        """Turn the code that a browser brought back into who signed in; :class:`Forbidden` where anything is amiss."""
        try:
            token = self._session().fetch_token(
                self._endpoint("token_endpoint"), code=code, code_verifier=verifier, timeout=SECONDS
            )
            claims = self._claims(str(token["id_token"]), nonce)
        except Unavailable:
            raise
        except Exception as error:  # whatever is wrong with a provider's answer, nobody comes in with it
            raise refused() from error
        named = claims.get(self.groups_claim, [])
        groups = frozenset(str(one) for one in named) if isinstance(named, list) else frozenset({str(named)})
        return Told(str(claims["sub"]), groups)

    def _session(self) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.client_id,
            self.secret or None,
            scope="openid profile groups" if "groups" in self._scopes() else "openid profile",
            redirect_uri=self.back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self.secret else "none",
        )

    def _scopes(self) -> list[str]:
        said = self._description().get("scopes_supported", [])
        return said if isinstance(said, list) else []

    def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            decoded = jwt.decode(id_token, KeySet.import_key_set(self._keys()), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._kept.pop("keys", None)  # the provider may have changed its keys since
            decoded = jwt.decode(id_token, KeySet.import_key_set(self._keys()), algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=SLACK,
            iss={"essential": True, "value": self.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(decoded.claims)
        claims: dict[str, Any] = dict(decoded.claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self.client_id) != self.client_id or (several and "azp" not in claims):
            raise refused()
        return claims

    def _description(self) -> dict[str, Any]:
        said = self._got("description", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self.issuer:
            raise _unavailable()
        return said

    def _keys(self) -> Any:
        return self._got("keys", self._endpoint("jwks_uri"))

    def _endpoint(self, name: str) -> str:
        address = str(self._description().get(name, ""))
        if urlsplit(address).scheme != urlsplit(self.issuer).scheme or not urlsplit(address).netloc:
            raise _unavailable()
        return address

    def _got(self, name: str, address: str) -> dict[str, Any]:
        import requests

        now = time.monotonic()
        at, said = self._kept.get(name, (0.0, {}))
        if said and now - at < KEPT:
            return said
        try:
            answer = requests.get(address, timeout=SECONDS, allow_redirects=False)
            answer.raise_for_status()
            said = answer.json() if len(answer.content) <= LARGEST else {}
        except (requests.RequestException, ValueError) as error:
            raise _unavailable() from error
        if not isinstance(said, dict) or not said:
            raise _unavailable()
        self._kept[name] = (now, said)
        return said


def refused() -> Forbidden:
    """Return the error for whoever does not come in this way; it tells nothing of why."""
    return Forbidden(
        "统一登录未成功，请重试或用密码登录。", "Single sign-on did not succeed; try again, or use your password."
    )


def _unavailable() -> Unavailable:
    return Unavailable(
        "统一登录服务暂时联系不上，请用密码登录。",
        "The sign-on service cannot be reached now; please use your password.",
    )
