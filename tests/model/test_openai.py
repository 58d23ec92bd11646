"""A fake OpenAI-compatible server on loopback, spoken to over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from prover.model.language_model import Message, ModelError, Sampling
from prover.model.openai_backend import OpenAIModel


class Handler(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, dict[str, Any], str]]] = []
    broken = ""

    def do_GET(self) -> None:
        self._answer({"data": [{"id": "tiny"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).seen.append((self.path, body, self.headers.get("Authorization", "")))
        if self.broken:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(self.broken.encode())
        elif body.get("echo"):
            text = body["prompt"]
            offsets = list(range(len(text)))
            values = [None, *[-0.5] * (len(text) - 1)]
            self._answer({"choices": [{"text": text, "logprobs": {"text_offset": offsets, "token_logprobs": values}}]})
        elif self.path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": "Easy.\n```tactic\nomega\n```"}
            self._answer({"choices": [{"message": message, "finish_reason": "stop"}]})
        else:
            texts = ["omega", "simp", "omega"]
            logs = [{"token_logprobs": [-0.2, -0.1]}, {"token_logprobs": [-1.0]}, {"token_logprobs": [-0.4]}]
            pairs = zip(texts, logs, strict=True)
            self._answer({"choices": [{"text": t, "logprobs": g, "finish_reason": "stop"} for t, g in pairs]})

    def _answer(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.seen, Handler.broken = [], ""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_completions_with_log_probabilities(url: str) -> None:
    model = OpenAIModel(url, key="secret")
    (samples,) = model.generate(["⊢ 1 = 1"], Sampling(n=3, max_tokens=9, seed=5, stop=("\n",)))
    assert [(s.text, s.log_probability) for s in samples] == [("omega", pytest.approx(-0.3)), ("simp", -1.0)]
    path, body, authorization = Handler.seen[0]
    assert path == "/v1/completions" and authorization == "Bearer secret"
    assert (body["model"], body["n"], body["max_tokens"], body["seed"], body["stop"]) == ("tiny", 3, 9, 5, ["\n"])


def test_a_chat_without_log_probabilities(url: str) -> None:
    (samples,) = OpenAIModel(url, model="named").generate([(Message("user", "prove"),)], Sampling(n=1))
    assert samples[0].log_probability is None and "omega" in samples[0].text
    assert Handler.seen[0][1]["messages"] == [{"role": "user", "content": "prove"}]
    assert Handler.seen[0][1]["model"] == "named"


def test_scores_by_echo(url: str) -> None:
    assert OpenAIModel(url).score("⊢ a", ["simp", "rfl"]) == [-2.0, -1.5]


def test_every_fault_is_one_clear_line(url: str) -> None:
    Handler.broken = "no\nmemory"
    with pytest.raises(ModelError, match="503") as caught:
        OpenAIModel(url, model="x").generate(["a"], Sampling())
    assert "\n" not in str(caught.value) and "no memory" in str(caught.value)
    with pytest.raises(ModelError, match="is the model server running"):
        OpenAIModel("http://127.0.0.1:9/v1", model="x", timeout=2).generate(["a"], Sampling())
    with pytest.raises(ModelError, match="hidden states"):
        OpenAIModel(url).encode(["a"])


def test_the_proposer_asks_the_server(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import dataclass

    from prover_plugins.lrm.proposer import LanguageModelProposer

    from prover.problem import Problem

    @dataclass(frozen=True)
    class State:
        key: str = "k"
        text: str = "⊢ 1 = 1"
        goals: int = 1
        size: int = 3

    proposer = LanguageModelProposer()
    problem = Problem("theorem t : 1 = 1", metadata={"model": f"{url}#tiny"})
    found = list(proposer.propose_informed(problem, State(), ["Nat.add_comm : a + b = b + a"]))
    assert [(c.action, c.log_probability) for c in found] == [("omega", pytest.approx(-0.3)), ("simp", -1.0)]
    assert "Nat.add_comm" in Handler.seen[-1][1]["prompt"]
    reasoned = list(proposer.propose(Problem("theorem t", metadata={"model": url, "prompt": "reasoning"}), State()))
    assert [c.action for c in reasoned] == ["omega"] and reasoned[0].score == 1.0
    monkeypatch.delenv("PROVER_MODEL", raising=False)
    assert list(proposer.propose(Problem("theorem t"), State())) == []
    assert list(proposer.propose(Problem("theorem t", metadata={"model": "none"}), State())) == []
