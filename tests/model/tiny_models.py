"""Model folders of real architectures with tiny random weights, made on the spot."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    ByT5Tokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, and an end of text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {"<end>": 0, "<pad>": 1} | {letter: i + 2 for i, letter in enumerate(alphabet)}
    inner = Tokenizer(models.BPE(vocab=words, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>", pad_token="<pad>")


def make(kind: str, folder: Path) -> Path:
    """Writes a model of that kind (byt5, llama, qwen) into ``folder``."""
    torch.manual_seed(0)
    if kind == "byt5":
        config = T5Config(
            vocab_size=384, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0,
            eos_token_id=1, pad_token_id=0, feed_forward_proj="gated-gelu",
        )  # fmt: skip
        T5ForConditionalGeneration(config).save_pretrained(folder)
        ByT5Tokenizer().save_pretrained(folder)
        return folder
    tokenizer = byte_tokenizer()
    ids = {"vocab_size": len(tokenizer), "eos_token_id": 0, "bos_token_id": None, "pad_token_id": 1}
    if kind == "llama":
        LlamaForCausalLM(LlamaConfig(**SIZES, **ids)).save_pretrained(folder)
    else:
        Qwen2ForCausalLM(Qwen2Config(num_key_value_heads=2, **SIZES, **ids)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
