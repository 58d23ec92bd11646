"""Any server that speaks the OpenAI protocol (vLLM, llama.cpp, SGLang …), over HTTP with the standard library."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from prover.model.language_model import Hidden, ModelError, Prompt, Sample, Sampling, distinct


class OpenAIModel:
    """Implements :class:`prover.model.language_model.LanguageModel` by requests to ``{url}/completions`` and
    ``{url}/chat/completions``. Log-probabilities are used where the server offers them.
    """

    def __init__(self, url: str, *, model: str = "", key: str = "", timeout: float = 120.0) -> None:
        """``url`` as in ``http://127.0.0.1:8000/v1``; ``model`` defaults to the first that the server lists, ``key``
        to the environment's OPENAI_API_KEY; ``timeout`` in seconds for one request.
        """
        self.url = url.rstrip("/")
        self._model = model
        self._key = key or os.environ.get("OPENAI_API_KEY", "")
        self._timeout = timeout

    @property
    def name(self) -> str:
        """The server and the model."""
        return f"{self.url}#{self._model}" if self._model else self.url

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[list[Sample]]:
        """Distinct answers to each prompt; a request each. Beam search is the server's ``use_beam_search``."""
        return [distinct(self._samples(prompt, sampling)) for prompt in prompts]

    def _samples(self, prompt: Prompt, sampling: Sampling) -> list[Sample]:
        body: dict[str, Any] = {
            "model": self._served(), "n": sampling.n, "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature, "top_p": sampling.top_p, "seed": sampling.seed,
        }  # fmt: skip
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.beam:
            body |= {"use_beam_search": True, "best_of": sampling.n, "temperature": 0}
        if isinstance(prompt, str):
            answer = self._post("completions", body | {"prompt": prompt, "logprobs": 1})
        else:
            messages = [{"role": m.role, "content": m.content} for m in prompt]
            answer = self._post("chat/completions", body | {"messages": messages, "logprobs": True})
        choices = answer.get("choices")
        if not isinstance(choices, list):
            raise ModelError(f"{self.url} answered without 'choices'; is it an OpenAI-compatible server?")
        return [_sample(choice) for choice in choices if isinstance(choice, dict)]

    def score(self, prompt: Prompt, continuations: Sequence[str]) -> list[float]:
        """The log-probability of each continuation, by completions that echo the prompt.

        Raises:
            ModelError: the server does not answer, or offers no log-probabilities of a prompt.
        """
        if not isinstance(prompt, str):
            raise ModelError("a server scores continuations of plain text only, not of a chat")
        return [self._score(prompt, text) for text in continuations]

    def _score(self, prompt: str, continuation: str) -> float:
        body = {
            "model": self._served(), "prompt": prompt + continuation, "max_tokens": 0, "echo": True, "logprobs": 0,
        }  # fmt: skip
        answer = self._post("completions", body)
        try:
            found = answer["choices"][0]["logprobs"]
            pairs = list(zip(found["text_offset"], found["token_logprobs"], strict=True))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ModelError(f"{self.url} offers no log-probabilities of a prompt (echo)") from error
        return min(0.0, sum(float(value) for at, value in pairs if at >= len(prompt) and value is not None))

    def encode(self, texts: Sequence[str]) -> list[Hidden]:
        """Not to be had from a server.

        Raises:
            ModelError: always, with what to do.
        """
        raise ModelError("a server shows no hidden states; give --model a local folder instead")

    # --------------------------------------------------------------------------------- HTTP

    def _served(self) -> str:
        if not self._model:
            answer = self._request("models", None)
            models = answer.get("data")
            if not isinstance(models, list) or not models or not isinstance(models[0], dict):
                raise ModelError(f"{self.url}/models lists no model; name one as URL#MODEL")
            self._model = str(models[0].get("id", ""))
        return self._model

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._request(path, json.dumps(body).encode())

    def _request(self, path: str, data: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        where = f"{self.url}/{path}"
        request = urllib.request.Request(where, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                answer = json.loads(response.read())
        except urllib.error.HTTPError as error:
            said = " ".join(error.read(2_000).decode("utf-8", "replace").split())[:200]
            raise ModelError(f"{where} answered {error.code} {error.reason}: {said}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise ModelError(f"no usable answer from {where}: {reason}; is the model server running?") from error
        if not isinstance(answer, dict):
            raise ModelError(f"{where} answered with something else than a JSON object")
        return answer


def _sample(choice: dict[str, Any]) -> Sample:
    """One choice of a completion or of a chat completion."""
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    values: list[float] = []
    found = choice.get("logprobs")
    if isinstance(found, dict):
        if isinstance(found.get("token_logprobs"), list):
            values = [v for v in found["token_logprobs"] if isinstance(v, int | float)]
        elif isinstance(found.get("content"), list):
            values = [float(token["logprob"]) for token in found["content"] if "logprob" in token]
    log_probability = min(0.0, sum(values)) if values else None
    return Sample(str(text or ""), log_probability, len(values), choice.get("finish_reason") != "length")
