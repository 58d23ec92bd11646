"""The typed messages between Python and the Lean-side server (``lean_project``).

``requests`` are what is asked, ``answers`` what comes back, ``views`` what answers are made of (states, goals,
reports); ``lines`` turns messages into lines and back. All are named here.

One JSON object a line. A request carries ``op`` (its tag), ``v`` (the protocol version) and ``id``; the
answer carries the same ``id`` and either a tagged ``ok`` object or a typed ``error``. Malformed lines raise
:class:`ProtocolError`, never a guess at another message type.

Units: heartbeats are in thousands (Lean's ``maxHeartbeats`` option), wall limits in milliseconds, ``us`` in
microseconds. Lines count from 1, columns from 0 in Unicode code points (Lean's convention).
"""

from prover.lean.protocol.answers import (
    Answer,
    CheckOk,
    DeclarationsOk,
    DescribeOk,
    EnvironmentOk,
    ExitOk,
    ExportOk,
    GoalOk,
    HeaderOk,
    HelloOk,
    Ok,
    ReleaseOk,
    ServerError,
    SorriesOk,
    StatisticsOk,
    StepOk,
    TraceOk,
)
from prover.lean.protocol.lines import ProtocolError, decode, encode
from prover.lean.protocol.requests import (
    PROTOCOL_VERSION,
    Check,
    Constants,
    Declarations,
    Describe,
    Exit,
    Export,
    Hello,
    OpenEnvironment,
    OpenGoal,
    OpenSorries,
    ParseHeader,
    Release,
    Request,
    Statistics,
    Step,
    TacticCall,
    Trace,
)
from prover.lean.protocol.views import (
    ApplicationView,
    ConstantView,
    DeclarationTrace,
    DeclarationView,
    Finding,
    GoalView,
    HypothesisView,
    Message,
    Premise,
    SorryView,
    StateView,
    TacticResult,
    TacticTrace,
    TheoremReport,
    Use,
)

__all__ = [
    "PROTOCOL_VERSION", "Answer", "ApplicationView", "Check", "CheckOk", "ConstantView", "Constants",
    "DeclarationTrace", "DeclarationView", "Declarations", "DeclarationsOk", "Describe", "DescribeOk", "EnvironmentOk",
    "Exit", "ExitOk", "Export", "ExportOk", "Finding", "GoalOk", "GoalView", "HeaderOk", "Hello", "HelloOk",
    "HypothesisView", "Message", "Ok", "OpenEnvironment", "OpenGoal", "OpenSorries", "ParseHeader", "Premise",
    "ProtocolError", "Release", "ReleaseOk", "Request", "ServerError", "SorriesOk", "SorryView", "StateView",
    "Statistics", "StatisticsOk", "Step", "StepOk", "TacticCall", "TacticResult", "TacticTrace", "TheoremReport",
    "Trace", "TraceOk", "Use", "decode", "encode",
]  # fmt: skip
