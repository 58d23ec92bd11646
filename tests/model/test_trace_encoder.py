"""The trace encoder on real architectures: spans, pooling, what is on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import make

from prover.errors import BadInput
from prover.model.encodings import About, EncodedStep, EncodingWriter, open_encoding
from prover.model.language_model import Sampling
from prover.model.layers import Tap
from prover.model.prompts import format_named
from prover.model.spans import goal_spans, tokenize, tokens_within
from prover.model.trace_encoder import TraceEncoder, _Reading
from prover.model.transformers_backend import TransformersModel
from prover.problem import Problem

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


def test_hooks_give_what_transformers_calls_hidden_states(model: TransformersModel) -> None:
    prompt = f"STATE\n{STATE}\nTACTIC\n"
    with Tap(model, [0, 1, 2]) as tap, torch.inference_mode():
        tokens = model.tokenizer(prompt, return_tensors="pt")["input_ids"]
        asked = {"decoder_input_ids": tokens} if model.seq2seq else {}
        out = model.model(input_ids=tokens, output_hidden_states=True, **asked)
    theirs = out.decoder_hidden_states if model.seq2seq else out.hidden_states
    for ours, hidden in zip(tap.passes[0], theirs, strict=True):
        np.testing.assert_allclose(ours, hidden, atol=1e-5)
    for ours, hidden in zip(tap.encoder, out.encoder_hidden_states if model.seq2seq else (), strict=True):
        np.testing.assert_allclose(ours, hidden, atol=1e-5)
    with torch.inference_mode():
        model.model(input_ids=tokens, **asked)
    assert len(tap.passes) == 1, "the hooks are gone after the block"


def test_what_is_recorded_while_sampling_is_what_a_second_reading_gives(model: TransformersModel) -> None:
    prompt = f"STATE\n{STATE}\nTACTIC\n"
    encoder = TraceEncoder(model, FORM, pooling="raw")
    sampling = Sampling(n=4, max_tokens=8, temperature=0.8)
    found = encoder.propose(prompt, sampling, STATE)
    assert {sample for sample, _ in found} >= set(model.generate([prompt], sampling)[0])
    tokens, _ = tokenize(model.tokenizer, prompt, special=True)
    (drawings,) = model.draw([tokens if model.seq2seq else model._tokens(prompt)], sampling)
    for (sample, record), drawing in zip(found, drawings, strict=True):
        assert sample.log_probability == pytest.approx(sum(drawing.logs), abs=1e-4)
        # Random bytes need not be text: the tokens themselves are read again.
        reading = _Reading(tokens if model.seq2seq else model._tokens(prompt), drawing.tokens, [], [])
        ((state, tactic),), _ = encoder._forward([reading], record=True)
        spans = {span.kind: rows for span, rows in zip(record.spans, record.rows, strict=True)}
        np.testing.assert_allclose(spans["tactic"], tactic.transpose(0, 1)[: len(drawing.rows)], atol=1e-4)
        np.testing.assert_allclose(spans["after"][0], spans["tactic"][-1], atol=0)
        goal = tokens_within(tokenize(model.tokenizer, prompt, special=True)[1], 6, 6 + len(STATE.split("\n\n")[0]))
        np.testing.assert_allclose(spans["goal"], state.transpose(0, 1)[goal.start : goal.stop], atol=1e-4)


def test_one_record_is_that_of_an_encoded_step(model: TransformersModel) -> None:
    encoder = TraceEncoder(model, FORM)
    ((found, rows),) = encoder.encode([step()])
    record = encoder.record(f"STATE\n{STATE}\nTACTIC\n", "rw [ih]", STATE)
    assert record.spans == found.spans
    assert record.log_probability == found.log_probability
    for one, other in zip(record.rows, rows, strict=True):
        np.testing.assert_array_equal(one, other)
    unknown = encoder.record("STATE\nanother\nTACTIC\n", "rfl", STATE)
    assert (unknown.spans[0].kind, unknown.spans[0].start, unknown.spans[0].end) == ("goal", 0, 21)


def test_of_a_prompt_that_was_cut_only_what_is_left_is_claimed(tmp_path: Path) -> None:
    model = TransformersModel(make("llama", tmp_path), max_prompt_tokens=60)
    state = "a : Nat\nlong : a = 1 ∧ a + 0 = 1 ∧ a + 0 + 0 = 1\nh : a = 1\n⊢ a = 1"
    prompt = FORM.write(Problem("t"), state, ())
    assert isinstance(prompt, str)
    record = TraceEncoder(model, FORM, pooling="raw").record(prompt, "exact h", state)
    kept = prompt.encode()[-60:].decode(errors="ignore")
    assert [span.name for span in record.spans if span.kind == "hypothesis"] == ["h"]
    goal = record.spans[0]
    assert state[goal.start : goal.end] == kept.removesuffix("\nTACTIC\n").lstrip("�")


class Pieces:
    """A tokenizer without offsets that spells texts in given pieces, as SentencePiece's slow ones do."""

    all_special_ids = (0,)

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = ["<s>", *pieces]

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": list(range(0 if add_special_tokens else 1, len(self._pieces)))}

    def convert_ids_to_tokens(self, token: int) -> str:
        return self._pieces[token]


def test_tokens_without_offsets_are_aligned_by_their_bytes_or_refused() -> None:
    text = "ab ⊢\nc"
    _, offsets = tokenize(Pieces(["▁a", "b", "▁⊢", "<0x0A>", "c"]), text, special=True)
    assert [text[a:b] for a, b in offsets] == ["", "a", "b", " ⊢", "\n", "c"]
    assert tokens_within(offsets, 3, 4) == range(3, 4)
    bytes_alone = Pieces(["a", "b", " ", "<0xE2>", "<0x8A>", "<0xA2>", "<0x0A>", "c"])
    assert tokens_within(tokenize(bytes_alone, text, special=False)[1], 3, 4) == range(3, 6)
    with pytest.raises(BadInput, match="do not spell the text"):
        tokenize(Pieces(["▁a", "<unk>"]), text, special=False)


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


def test_what_was_interrupted_while_it_was_written_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    span = goal_spans("⊢ True")[0]
    one = EncodedStep("t", 0, "⊢ True", "trivial", "no goals", "finished", True, spans=(span,))
    writer = EncodingWriter(tmp_path, About("m", "sha", "llama", (0,), "mean", 4, "plain", "here"))
    rows = np.arange(4, dtype=np.float32).reshape(1, 1, 4)
    writer.add(one, [rows])
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            target: object = os if name == "fsync" else Path
            patched.setattr(target, name, lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                writer.flush(1)
    writer.add(one, [rows + 4])
    writer.flush(2, finished=True)
    found = open_encoding(tmp_path)
    assert [step.spans[0].row for step in found.steps()] == [0, 1]
    np.testing.assert_array_equal(found.hidden(0, 2)[:, 0].ravel(), np.arange(8))
    base: object = found._shards[0]
    while not isinstance(base, np.memmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
        assert base is not None, "the shard was read into memory"
