#!/usr/bin/env python3
"""Golden data for CLIP's tokenizer and text encoder: writes tests/data/clip_text.

    python scripts/goldens/clip_text.py

Needs torch, transformers and safetensors. What made the data is written in versions.json.
"""

import json
import pathlib
import random
import shutil
import sys

import tiny_clip
import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stress"))
import tokens as random_texts  # noqa: E402

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/clip_text"
MERGES = 500

CURATED = [
    "",
    " ",
    "a cat",
    "A CAT'S HAT, isn't it? We'LL see: they've 12 of 3.5",
    "it''s !'s '",
    "'s't're've'm'll'd",
    "İstanbul ΣΑΣ ẞ ǅ K",
    "e\u0301 E\u0301 o\u0308\u0323",
    "a\u3000cat\u2028and\u0085dog\u00a0here\t\n\r\n ok",
    "<|startoftext|>a cat<|endoftext|> in <|endoftext|>",
    "<|STARTOFTEXT|>a <|EndOfText|>x!<|StartOfText|>",
    "!<|startoftext|>!<|endoftext|>!<|ENDOFTEXT|>!",
    "<|startoftext|><|startoftext|>",
    "<|endoftext",
    "x</w>y </w>",
    "東京の夜 一只猫 ١٢٣ ½ ² Ⅷ",
    "🙂👨\u200d👩\u200d👧🇩🇪❤️",
    "\x00\x1b[31m\x7f",
    "soooo!!!!!!!!----____",
    "lighthouse " * 60,
    "a" * 300,
]


def token_texts():
    texts = random_texts.Texts(7)
    cases = list(CURATED)
    while len(cases) < 230:
        text = texts.text(None)
        if len(text) < 600:
            cases.append(text)
    return cases


def write_tokens():
    vocabulary, merges = tiny_clip.train(tiny_clip.repository_text(), MERGES)
    folder = OUT / "tokenizers"
    tiny_clip.write(folder / "files", vocabulary, merges)
    # Without pieces for some bytes, and no special token in capitals.
    fewer = {p: i for i, (p, _) in enumerate(pair for pair in vocabulary.items() if pair[0][0] not in "ñÐð")}
    kept = [pair for pair in merges if pair[0] in fewer and pair[1] in fewer and "".join(pair) in fewer]
    tiny_clip.write(folder / "unknown", fewer, kept, in_any_case=False)
    whole = CLIPTokenizer.from_pretrained(folder / "files")
    (folder / "json").mkdir(parents=True)
    whole.backend_tokenizer.save(str(folder / "json/tokenizer.json"))
    shutil.copy(folder / "files/tokenizer_config.json", folder / "json")
    texts = token_texts()
    ids = {}
    for place in ("files", "json", "unknown"):
        tokenizer = CLIPTokenizer.from_pretrained(folder / place)
        ids[place] = tokenizer(texts, truncation=True, max_length=77).input_ids
    (OUT / "tokens.json").write_text(json.dumps({"texts": texts, "ids": ids}, separators=(",", ":")) + "\n")
    return len(vocabulary)


def write_encoder(name, vocab_size, **changes):
    torch.manual_seed(5)
    config = CLIPTextConfig(
        vocab_size=vocab_size,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        bos_token_id=vocab_size - 2,
        **{"eos_token_id": vocab_size - 1, **changes},
    )
    model = CLIPTextModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    folder = OUT / "encoders" / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer = CLIPTokenizer.from_pretrained(OUT / "tokenizers/files")
    prompts = ["a cat in the storm", "", "lighthouse " * 60, "a <|endoftext|> in the middle"]
    batch = tokenizer(prompts, truncation=True, max_length=77, padding="max_length", return_tensors="pt")
    with torch.no_grad():
        pooled = model(input_ids=batch.input_ids, attention_mask=None).pooler_output
    return prompts, pooled


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    random.seed(0)
    size = write_tokens()
    pooled = {}
    for name, changes in (
        ("quick_gelu", {"eos_token_id": 2}),  # as openai/clip-vit-large-patch14 has it
        ("gelu", {"hidden_act": "gelu", "layer_norm_eps": 1e-6}),
    ):
        prompts, pooled[name] = write_encoder(name, size, **changes)
    save_file(pooled, OUT / "pooled.safetensors")
    (OUT / "prompts.json").write_text(json.dumps(prompts) + "\n")
    versions = {module.__name__: module.__version__ for module in (torch, transformers, tokenizers)}
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
