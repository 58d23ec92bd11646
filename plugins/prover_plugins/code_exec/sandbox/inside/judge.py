"""Runs the tests: the tested function is a stand-in that asks the subject and compares here, out of its reach."""

from __future__ import annotations

import builtins
import time
from typing import Any

from . import codec

SHOWN = 160


class SubjectGone(BaseException):
    """The subject ended, hung or talks nonsense. No test may catch it, hence no ``Exception``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CandidateError(Exception):
    """An exception of the tested code that is not one of Python's own."""


class Opaque:
    """Something of the subject's that is no plain data. It can be handed back, and nothing else."""

    __slots__ = ("_reference",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, reference: int) -> None:
        self._reference = reference

    def _refuse(self, *_: object) -> bool:
        raise TypeError("the function returned something that is no plain data")

    __eq__ = __ne__ = __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __contains__ = _refuse


class Link:
    """The line to the subject. ``gone`` is set once it is of no more use, ``last`` tells of the last call."""

    def __init__(self, requests: int, replies: int, seconds: float) -> None:
        self._requests = requests
        self._replies = replies
        self._seconds = seconds
        self.gone: SubjectGone | None = None
        self.last = ""
        self.raised = ""
        self._time = 0.0

    def start(self) -> None:
        """Waits until the subject has loaded the code."""
        self._check(self._receive())

    def call(self, name: str, args: tuple[object, ...], keywords: dict[str, object], **how: bool) -> Any:
        """What the subject's ``name`` returns for these arguments; an exception comes as an exception."""
        if self.gone is not None:
            raise self.gone
        encoded = [self._encode(item) for item in args]
        named = {key: self._encode(item) for key, item in keywords.items()}
        self.last = f"{name}({', '.join(short(item) for item in args)})" if args or keywords else f"{name}()"
        try:
            codec.send(self._requests, {"name": name, "args": encoded, "keywords": named, **how})
        except OSError:
            self._fail("exit", "the code ended its process")
        answer = self._check(self._receive())
        try:
            for index, new in answer["changed"].items():
                _replace(args[int(index)], codec.decode(new, Opaque))
            value = codec.decode(answer["value"], Opaque)
        except (codec.BadFrame, KeyError, IndexError, ValueError, AttributeError, TypeError, RecursionError):
            self._fail("answer", "the code answered with no value")
        self.last += f" returned {short(value)}"
        return value

    def _encode(self, value: object) -> Any:
        if isinstance(value, Opaque):
            return {"t": "reference", "v": value._reference}
        if isinstance(value, Proxy):
            raise TypeError("a test hands a function of the solution to itself")
        return _encode_deep(value)

    def _receive(self) -> Any:
        started = time.monotonic()
        try:
            return codec.receive(self._replies, self._seconds)
        except codec.TooLate:
            self._fail("timeout", f"no answer within {self._seconds:g} s")
        except codec.Ended:
            self._fail("exit", "the code ended its process")
        except codec.BadFrame:
            self._fail("answer", "the code answered with no value")
        finally:
            self._time += time.monotonic() - started

    def _check(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            self._fail("answer", "the code answered with no value")
        if "error" not in answer:
            return dict(answer)
        names, message = answer["error"], str(answer.get("message", ""))[:300]
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self._fail("answer", "the code answered with no value")
        self.raised = names[0][:80]
        self.last += f" raised {self.raised}: {message}"
        for name in names:
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, Exception) and kind not in (Exception, StopIteration):
                try:
                    error = kind(message)
                except TypeError:  # UnicodeDecodeError and the like want more than a message
                    continue
                raise error
        raise CandidateError(f"{self.raised}: {message}")

    def _fail(self, kind: str, message: str) -> Any:
        self.gone = SubjectGone(kind, message)
        raise self.gone


class Proxy:
    """Stands for a function or class of the tested code."""

    def __init__(self, link: Link, name: str) -> None:
        self._link = link
        self.__name__ = name

    def __call__(self, *args: object, **keywords: object) -> Any:
        """Asks the subject."""
        return self._link.call(self.__name__, args, keywords)


def run(payload: dict[str, Any], requests: int, replies: int, results: int) -> None:
    """Runs ``payload["tests"]`` and writes one result for each, then ``{"done": true}``.

    The payload has ``setup`` (source run first), ``names`` (functions of the tested code, by the name that
    tests use), ``seconds`` (for one call) and ``tests``: (source, is a test) pairs, run in order in one
    namespace; what is no test only prepares the next ones.
    """
    link = Link(requests, replies, payload["seconds"])
    namespace: dict[str, Any] = {"__name__": "tests"}
    broken: BaseException | None = None
    try:
        exec(compile(payload["setup"], "setup.py", "exec", dont_inherit=True), namespace)
    except Exception as error:
        codec.send(results, {"fault": f"the tests' own preparation fails: {type(error).__name__}: {error}"[:300]})
        return
    for alias, name in payload["names"].items():
        namespace[alias] = Proxy(link, name)
    try:
        link.start()
    except SubjectGone as gone:
        broken = gone
    except Exception as error:  # the code could not be loaded
        broken = error
    for index, (source, is_test) in enumerate(payload["tests"]):
        link.last, link.raised = "", link.raised if broken else ""
        failure = broken or _raised(source, namespace, link)
        if is_test:
            codec.send(results, {"test": index, **_describe(failure, link)})
        elif failure is not None and link.gone is None:
            broken = broken or failure
    codec.send(results, {"done": True})


def _raised(source: str, namespace: dict[str, Any], link: Link) -> BaseException | None:
    try:
        exec(compile(source, "test.py", "exec", dont_inherit=True), namespace)
    except BaseException as error:  # a test that ends in any way but its end has failed
        return link.gone or error
    return link.gone


def _describe(error: BaseException | None, link: Link) -> dict[str, Any]:
    """The result of one test: ``ok``, ``kind`` and ``message``."""
    if error is None:
        return {"ok": True, "kind": "", "message": ""}
    if isinstance(error, SubjectGone):
        return {"ok": False, "kind": error.kind, "message": str(error)}
    name = link.raised or type(error).__name__
    if isinstance(error, AssertionError) and not link.raised:
        return {"ok": False, "kind": "wrong", "message": link.last or "the assertion fails"}
    kinds = {"SyntaxError": "syntax", "IndentationError": "syntax", "TabError": "syntax", "MemoryError": "memory"}
    text = f"{name}: {error}"[:300]
    return {"ok": False, "kind": kinds.get(name, name), "message": link.last or text}


def short(value: object) -> str:
    """``value`` as text, cut where it is long."""
    try:
        text = repr(value)
    except Exception as error:
        text = f"<{type(error).__name__} in its text>"
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _encode_deep(value: object) -> Any:
    """Encodes plain data that may hold opaque things."""
    return codec.encode(value, _reference)


def _reference(value: object) -> int:
    if isinstance(value, Opaque):
        return value._reference
    raise TypeError(f"a test hands over a {type(value).__name__}, which is no plain data")


def _replace(target: object, new: object) -> None:
    """Makes ``target``, an argument that the tested code changed in place, equal to ``new``."""
    if isinstance(target, list) and isinstance(new, list):
        target[:] = new
    elif (isinstance(target, dict) and isinstance(new, dict)) or (isinstance(target, set) and isinstance(new, set)):
        target.clear()
        target.update(new)
    elif isinstance(target, bytearray) and isinstance(new, bytearray):
        target[:] = new
