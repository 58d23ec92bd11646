"""Messages as lines of bytes."""

from __future__ import annotations

import msgspec

from prover.errors import InfrastructureFault
from prover.lean.protocol.answers import Answer
from prover.lean.protocol.requests import PROTOCOL_VERSION, Request


class ProtocolError(InfrastructureFault):
    """The server wrote a line that is not a message of this protocol version."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Answer)


def encode(request: Request) -> bytes:
    """One line, newline included. JSON escapes newlines, so a message can never span two lines."""
    return _encoder.encode(request) + b"\n"


def decode(line: bytes) -> Answer:
    """Decodes one answer line.

    Raises:
        ProtocolError: not JSON, not an answer, an unknown tag, or neither/both of ``ok`` and ``error``.
    """
    try:
        answer = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        shown = line[:200].decode("utf-8", "replace")
        raise ProtocolError(f"not a message of protocol {PROTOCOL_VERSION}: {error}: {shown!r}") from error
    if (answer.ok is None) == (answer.error is None):
        raise ProtocolError(f"answer {answer.id} has neither or both of 'ok' and 'error'")
    return answer
