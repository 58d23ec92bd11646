"""Best-first search for an answer that the checker accepts (see ``docs/search.md``)."""

from prover.search.budget import Meter, StopReason
from prover.search.candidates import ProposerStatistics
from prover.search.graph import Edge, Node, NodeStatus, SearchGraph
from prover.search.orchestrator import search
from prover.search.outcome import SearchFault, SearchOutcome
from prover.search.scoring import Scorer, SearchConfig

__all__ = [
    "Edge",
    "Meter",
    "Node",
    "NodeStatus",
    "ProposerStatistics",
    "Scorer",
    "SearchConfig",
    "SearchFault",
    "SearchGraph",
    "SearchOutcome",
    "StopReason",
    "search",
]
