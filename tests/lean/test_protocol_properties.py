"""The message codec, on random messages of every type and on random damage to them."""

from __future__ import annotations

import json
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from prover.lean import protocol as p

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
REQUESTS = sorted(p.Request.__subclasses__(), key=lambda kind: kind.__name__)
OKS = sorted(typing.get_args(p.Ok), key=lambda kind: kind.__name__)
NUMBERS = st.integers(-(2**53), 2**53)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Random values of an annotation of the protocol."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if arguments:  # a union
        return st.one_of(*map(values, arguments))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return structs(kind)
    return {str: st.text(max_size=12), int: NUMBERS, bool: st.booleans(), type(None): st.none()}[kind]


def structs(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {name: values(hints[name]) for name in kind.__struct_fields__ if name != "v"}
    return st.builds(kind, **fields)


ANSWERS = st.one_of(
    st.builds(p.Answer, id=NUMBERS, ok=st.one_of(*map(structs, OKS)), us=NUMBERS),
    st.builds(p.Answer, id=NUMBERS, error=structs(p.ServerError), us=NUMBERS),
)


def test_every_message_of_the_module_is_tried() -> None:
    named = {kind for kind in vars(p).values() if isinstance(kind, type)}
    assert {kind for kind in named if kind.__name__.endswith("Ok")} == set(OKS)
    assert {kind for kind in named if issubclass(kind, p.Request)} - {p.Request} == set(REQUESTS)


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_requests_round_trip_in_one_line(kind: type[p.Request]) -> None:
    decoder = msgspec.json.Decoder(typing.Union[tuple(REQUESTS)])  # noqa: UP007

    @QUICK
    @given(structs(kind))
    def check(request: p.Request) -> None:
        line = p.encode(request)
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        assert decoder.decode(line) == request
        sent = json.loads(line)
        assert (sent["id"], sent["v"]) == (request.id, p.PROTOCOL_VERSION)
        assert isinstance(sent["op"], str)

    check()


@pytest.mark.parametrize("kind", OKS, ids=lambda kind: kind.__name__)
def test_answers_round_trip(kind: type[Any]) -> None:
    @QUICK
    @given(st.builds(p.Answer, id=NUMBERS, ok=structs(kind), us=NUMBERS))
    def check(answer: p.Answer) -> None:
        assert p.decode(msgspec.json.encode(answer)) == answer

    check()


@QUICK
@given(st.builds(p.Answer, id=NUMBERS, error=structs(p.ServerError)))
def test_errors_round_trip(answer: p.Answer) -> None:
    assert p.decode(msgspec.json.encode(answer)) == answer


def refused(line: bytes) -> str:
    with pytest.raises(p.ProtocolError) as caught:
        p.decode(line)
    message = str(caught.value)
    assert len(message) < 1000 and "\n" not in message, message
    return message


@settings(QUICK, max_examples=300)
@given(ANSWERS, st.data())
def test_a_damaged_line_is_another_answer_or_a_clear_error(answer: p.Answer, data: st.DataObject) -> None:
    line = bytearray(msgspec.json.encode(answer))
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, min(len(line), start + 4)))
    line[start:end] = data.draw(st.binary(max_size=4))
    try:
        assert isinstance(p.decode(bytes(line)), p.Answer)
    except p.ProtocolError as error:
        assert "\n" not in str(error)


@settings(QUICK, max_examples=100)
@given(ANSWERS, st.data())
def test_a_line_cut_short_is_never_an_answer(answer: p.Answer, data: st.DataObject) -> None:
    line = msgspec.json.encode(answer)
    refused(line[: data.draw(st.integers(0, len(line) - 1))])


@settings(QUICK, max_examples=100)
@given(st.binary(max_size=60))
def test_bytes_are_not_an_answer(line: bytes) -> None:
    assume(not line.lstrip().startswith(b"{"))  # hypothesis knows the literals of these files
    refused(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@settings(QUICK, max_examples=100)
@given(JSON)
def test_other_json_is_not_an_answer(value: Any) -> None:
    refused(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "truncated"),
        (b"no goals", "malformed"),
        (b'{"id": 1}', "neither or both"),
        (b'{"id": 1, "ok": {"type": "exit"}, "error": {"kind": "a", "message": "b"}}', "neither or both"),
        (b'{"id": 1, "ok": {"type": "proved"}}', "proved"),
        (b'{"id": 1, "ok": {"goals": []}}', "type"),
        (b'{"id": "1", "ok": {"type": "exit"}}', "id"),
        (b'{"id": 1, "ok": {"type": "release"}}', "states"),
        (b'{"id": 1, "ok": {"type": "describe", "goals": [7]}}', "goals"),
        (b'{"id": 1, "ok": {"type": "exit"}} {"id": 2}', "malformed"),
        (b'{"id": 1, "error": {"kind": "a", "message": "\xff"}}', "not a message"),
        (b"[" * 100_000, "not a message"),
        (b'{"id": 1, "x": ' + b"[" * 100_000, "not a message"),
        (b'{"id": 1' + b"0" * 5000 + b', "ok": {"type": "exit"}}', "not a message"),
    ],
)
def test_the_error_says_what_is_wrong(line: bytes, says: str) -> None:
    assert says in refused(line)
