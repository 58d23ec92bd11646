"""Models of three architectures: sampling with true log-probabilities, beams, scores, hidden states."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from tiny_models import make

from prover.model.language_model import ModelError, Sampling
from prover.model.transformers_backend import TransformersModel

STATES = ["n : Nat\n⊢ n + 0 = n", "⊢ True"]


@pytest.fixture(scope="module", params=["byt5", "llama", "qwen"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    folder = tmp_path_factory.mktemp(request.param)
    return TransformersModel(make(request.param, folder))


def test_samples_carry_the_probability_that_scoring_gives(model: TransformersModel) -> None:
    samples = model.generate(STATES[:1], Sampling(n=6, max_tokens=6, seed=3))[0]
    assert samples == sorted(samples, key=lambda s: -(s.log_probability or 0.0))
    assert len({s.text for s in samples}) == len(samples)
    state = model.prefill(STATES[:1])
    first = state.logits.log_softmax(-1)[0]
    for sample in samples:
        assert sample.log_probability is not None and sample.log_probability < 0
        assert sample.log_probability <= float(first.max()) + 1e-5


def test_log_probabilities_are_those_of_a_plain_forward_pass(model: TransformersModel) -> None:
    prompt = model._tokens(STATES[0])
    drawn = model.draw([prompt], Sampling(n=1, max_tokens=5, seed=1))[0][0]
    tokens, total = drawn.tokens, sum(drawn.logs)
    with torch.inference_mode():
        if model.seq2seq:
            start = model.model.config.decoder_start_token_id
            logits = model.model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([[start, *tokens]]))
            rows = logits.logits[0].log_softmax(-1)
        else:
            logits = model.model(input_ids=torch.tensor([[*prompt, *tokens]]))
            rows = logits.logits[0, len(prompt) - 1 :].log_softmax(-1)
    plain = sum(float(rows[i, token]) for i, token in enumerate(tokens))
    if len(tokens) < 5:  # it ended by itself: the end's probability counts too
        plain += max(float(rows[len(tokens), end]) for end in model.ends)
    assert total == pytest.approx(plain, abs=1e-3)


def test_a_prompt_gets_the_same_answers_whatever_is_asked_beside_it(model: TransformersModel) -> None:
    sampling = Sampling(n=4, max_tokens=6, seed=7)
    alone = model.generate(STATES[:1], sampling)[0]
    beside = model.generate([STATES[1], STATES[0]], sampling)[1]
    assert [s.text for s in alone] == [s.text for s in beside]
    other = model.generate(STATES[:1], Sampling(n=4, max_tokens=6, seed=8))[0]
    assert [s.text for s in alone] != [s.text for s in other]


def test_beam_search_finds_the_likeliest_first_token(model: TransformersModel) -> None:
    found = model.generate(STATES[:1], Sampling(n=5, max_tokens=4, beam=True))[0]
    assert found and len(found) <= 5
    greedy = model.generate(STATES[:1], Sampling(n=1, max_tokens=4, temperature=0.0))[0]
    best = found[0].log_probability
    assert best is not None
    for sample in greedy:
        assert best >= (sample.log_probability or 0.0) - 1e-4


def test_scores_do_not_depend_on_what_is_scored_beside(model: TransformersModel) -> None:
    together = model.score(STATES[0], ["simp", "induction n", "rfl"])
    assert model.score(STATES[0], ["rfl"])[0] == pytest.approx(together[2], abs=1e-3)
    assert all(value < 0 for value in together)


def test_hidden_states_of_each_text_without_padding(model: TransformersModel) -> None:
    both = model.encode(STATES)
    assert both[0].shape[0] > both[1].shape[0] and both[0].shape[1] == 32
    alone = model.encode(STATES[1:])[0]
    assert float(abs(alone - both[1]).max()) < 1e-3


def test_a_folder_without_a_model_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load the model") as caught:
        TransformersModel(tmp_path / "nothing")
    assert "\n" not in str(caught.value)


def test_nucleus_sampling_leaves_out_the_tail() -> None:
    from prover.model.transformers_backend import _draw

    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(200, 1)
    uniform = torch.linspace(0, 0.999, 200)
    assert set(_draw(logits, 1.0, 0.7, uniform).tolist()) == {0, 1}
    every = _draw(logits, 1.0, 1.0, uniform)
    assert set(every.tolist()) == {0, 1, 2, 3}
    assert 95 <= int((every == 0).sum()) <= 105
