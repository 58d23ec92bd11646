"""The encoder that reorders premises: a real transformers model, tiny and random."""

from __future__ import annotations

from pathlib import Path

import pytest
from prover_plugins.premises.dense import Reranker
from prover_plugins.premises.module import PremiseModule

from prover.errors import BadInput
from prover.lean.index import Index
from prover.lean.library import Library
from prover.lean.protocol import DeclarationView, GoalView

NAMES = ("one", "two", "three")
TARGET = "three three three three"


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *NAMES, "rare", ":", "⊢"]
    transformers.BertTokenizer(vocab={word: n for n, word in enumerate(words)}).save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    return str(tmp_path)


def library(statements: dict[str, str]) -> Library:
    views = [DeclarationView(name, "theorem", "Init.X", True, symbols=["rare"], term="rare") for name in NAMES]
    index = Index.build(views)

    def types(names: object) -> list[DeclarationView]:
        return [DeclarationView(name, "theorem", "", True, type=text) for name, text in statements.items()]

    return Library(lambda: index, types=types)


def goal(target: str) -> GoalView:
    return GoalView(
        case="", hypotheses=[], target=target, head="rare", shape="other", symbols=["rare"], bound=[],
        applications=[], literals=[], size=1, term="rare",
    )  # fmt: skip


def test_a_statement_like_the_goal_moves_up(encoder: str) -> None:
    scope = library({"one": "rare rare rare", "two": "rare rare rare rare", "three": TARGET})
    plain = [p.name for p in PremiseModule().find(scope, goal(TARGET))]
    assert plain == list(NAMES)  # equal scores keep the order of the index
    order = [p.name for p in PremiseModule(encoder).find(scope, goal(TARGET))]
    assert sorted(order) == sorted(NAMES)
    assert order.index("three") < plain.index("three")


def test_an_unknown_encoder_is_bad_input(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    scope = library(dict.fromkeys(NAMES, "rare"))
    premises = PremiseModule().find(scope, goal("rare"))
    with pytest.raises(BadInput, match="premise encoder"):
        Reranker(str(tmp_path / "nothing")).reorder(goal("rare"), premises, scope)
