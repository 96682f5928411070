"""A custodian in a key management service: the root key is opened by a service that logs and limits its use.

The service is asked once at each start and once at each rotation, never for a file: a million keys cost
no request, and reading goes on when the service is away. Its key never leaves it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from archive_service.errors import Damaged
from archive_service.vault.aws import AwsSettings, PerProcess, code_of, telling_aws
from archive_service.vault.canonical import canonical
from archive_service.vault.keys.custodians import not_this_one

#: what the service answers when key, ciphertext and context do not belong together
_WRONG = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


@dataclass(frozen=True)
class KmsCustodian:
    """A symmetric key of AWS KMS, or of a server that speaks its protocol; ``key_id`` is its id, ARN or alias.

    Needs the rights ``kms:Encrypt`` (founding and rotation) and ``kms:Decrypt`` (every start).
    """

    key_id: str
    settings: AwsSettings = field(default_factory=AwsSettings)
    kind: str = "aws-kms"
    _client: PerProcess = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_client", PerProcess(self.settings, "kms"))

    def wrap(self, root: bytes, context: bytes) -> bytes:
        """Have the root key encrypted; which key did it (its full name) stands beside it."""
        client = self._client()
        with telling_aws(self._where()):
            answer = client.encrypt(KeyId=self.key_id, Plaintext=root, EncryptionContext=_told(context))
        blob = base64.b64encode(answer["CiphertextBlob"]).decode()
        return canonical({"blob": blob, "key": answer["KeyId"]})

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Have it decrypted; ``Unavailable`` if the service cannot be reached or refuses, to be tried again."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        try:
            said = json.loads(wrapped)
            key, blob = str(said["key"]), base64.b64decode(said["blob"], validate=True)
        except (ValueError, KeyError, TypeError):
            raise not_this_one() from None
        client = self._client()
        with telling_aws(self._where()):
            try:
                # The configured key and no other: the name that stands beside the blob is for people.
                answer = client.decrypt(KeyId=self.key_id, CiphertextBlob=blob, EncryptionContext=_told(context))
            except ClientError as fault:
                if code_of(fault) in _WRONG:
                    raise not_this_one() from None
                raise
        root = answer["Plaintext"]
        if answer.get("KeyId") != key:
            raise not_this_one()
        if not isinstance(root, bytes):
            raise Damaged("密钥服务的答复无法使用。", "The key service gave an answer that cannot be used.")
        return root

    def _where(self) -> str:
        return f"KMS {self.key_id}"


def _told(context: bytes) -> dict[str, str]:
    """Return the context as the service wants it: text by name; it stands in the service's own log, and holds no secret."""
    return {name: str(value) for name, value in json.loads(context).items()}
