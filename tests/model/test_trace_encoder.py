"""The trace encoder on real architectures: spans, pooling, what is on the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import make

from prover.errors import BadInput
from prover.model.encodings import About, EncodedStep, EncodingWriter, open_encoding
from prover.model.prompts import format_named
from prover.model.spans import goal_spans, tokenize, tokens_within
from prover.model.trace_encoder import TraceEncoder
from prover.model.transformers_backend import TransformersModel

STATE = "case succ\nn m : Nat\nih : n + m =\n    m + n\n⊢ n + 1 + m = m + (n + 1)\n\ncase zero\n⊢ True"
FORM = format_named("plain")


def step(state: str = STATE, tactic: str = "rw [ih]") -> EncodedStep:
    return EncodedStep("t", 0, state, tactic, None, "failed", False)


@pytest.fixture(scope="module", params=["llama", "qwen", "byt5"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel(make(request.param, tmp_path_factory.mktemp(request.param)))


def test_spans_are_what_they_say() -> None:
    spans = {(s.kind, s.name): STATE[s.start : s.end] for s in goal_spans(STATE)}
    assert spans == {
        ("goal", ""): STATE.split("\n\n")[0],
        ("hypothesis", "n m"): "n m : Nat",
        ("hypothesis", "ih"): "ih : n + m =\n    m + n",
        ("target", ""): "n + 1 + m = m + (n + 1)",
    }
    assert [s.kind for s in goal_spans("no goals")] == ["goal"]


def test_tokens_of_a_span_spell_it(model: TransformersModel) -> None:
    text = "STATE\n" + STATE
    tokens, offsets = tokenize(model.tokenizer, text, special=True)
    for span in goal_spans(STATE):
        cover = tokens_within(offsets, 6 + span.start, 6 + span.end)
        assert model.tokenizer.decode(tokens[cover.start : cover.stop]) == STATE[span.start : span.end]


def test_pooled_is_the_mean_of_raw_and_a_batch_gives_what_each_gives_alone(model: TransformersModel) -> None:
    steps = [step(), step("⊢ True", "trivial"), step("x : Nat\n⊢ x = x", "rfl")]
    raw = TraceEncoder(model, FORM, pooling="raw").encode(steps)
    mean = TraceEncoder(model, FORM).encode(steps)
    for one, (found, rows), (_, pooled) in zip(steps, raw, mean, strict=True):
        assert [s.kind for s in found.spans][-2:] == ["tactic", "after"]
        ((alone, rows_alone),) = TraceEncoder(model, FORM, pooling="raw").encode([one])
        assert alone.log_probability == pytest.approx(found.log_probability, abs=1e-3)
        for several, single, pool in zip(rows, rows_alone, pooled, strict=True):
            np.testing.assert_allclose(several, single, atol=1e-4)
            np.testing.assert_allclose(several.mean(0, keepdims=True), pool, atol=1e-4)


def test_log_probabilities_are_those_of_the_score(model: TransformersModel) -> None:
    ((found, _),) = TraceEncoder(model, FORM).encode([step()])
    (score,) = model.score(f"STATE\n{STATE}\nTACTIC\n", ["rw [ih]"])
    assert found.log_probability == pytest.approx(score, abs=1e-3)


def test_hidden_states_are_those_of_a_plain_pass(tmp_path: Path) -> None:
    model = TransformersModel(make("llama", tmp_path))
    ((found, rows),) = TraceEncoder(model, FORM, layers=[1, 2], pooling="raw").encode([step()])
    prompt = f"STATE\n{STATE}\nTACTIC\n"
    tokens = torch.tensor([model.tokenizer(prompt + "rw [ih]")["input_ids"]])
    with torch.inference_mode():
        out = model.model(input_ids=tokens, output_hidden_states=True)
    after = found.spans.index(next(s for s in found.spans if s.kind == "after"))
    for position, layer in enumerate((1, 2)):
        np.testing.assert_allclose(rows[after][0, position], out.hidden_states[layer][0, -1], atol=1e-4)


def test_a_layer_that_is_not_there_is_bad_input(model: TransformersModel) -> None:
    with pytest.raises(BadInput, match=r"layers 0 \(the embeddings\) to 2, not 7"):
        TraceEncoder(model, FORM, layers=[7])


def test_what_was_written_is_read_and_gone_on_with(tmp_path: Path) -> None:
    def about() -> About:
        return About("m", "sha", "llama", (0, 3), "mean", 4, "plain", "here")

    span = goal_spans("⊢ True")[0]
    one = EncodedStep("t", 0, "⊢ True", "trivial", "no goals", "finished", True, spans=(span,))
    writer = EncodingWriter(tmp_path, about())
    rows = np.arange(8, dtype=np.float32).reshape(1, 2, 4)
    writer.add(one, [rows])
    writer.flush(1)
    writer.add(one, [rows + 100])  # never flushed: as if the process had died
    writer = EncodingWriter(tmp_path, about())
    writer.add(one, [rows * 2])
    writer.flush(2, finished=True)
    found = open_encoding(tmp_path)
    assert [s.spans[0].row for s in found.steps()] == [0, 1]
    np.testing.assert_array_equal(found.hidden(0, 2), np.concatenate([rows, rows * 2]))
    np.testing.assert_array_equal(found.gather([1, 0], layer=1), [rows[0, 1] * 2, rows[0, 1]])
    with pytest.raises(BadInput, match="another pooling"):
        EncodingWriter(tmp_path, About("m", "sha", "llama", (0, 3), "raw", 4, "plain", "here"))
