"""A byte-pair vocabulary in the form of CLIP's, trained here, and folders with it."""

import json
import pathlib
import subprocess

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

ROOT = pathlib.Path(__file__).resolve().parents[2]
END = "</w>"
SPECIAL = ["<|startoftext|>", "<|endoftext|>"]
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def train(texts, merges):
    """The vocabulary in the order of CLIP (bytes, bytes that end a word, merges, special tokens); merges."""
    tokenizer = Tokenizer(BPE(end_of_word_suffix=END))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    split = pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=512 + merges, initial_alphabet=alphabet, end_of_word_suffix=END, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    found = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]][:merges]
    pieces = alphabet + [piece + END for piece in alphabet]
    pieces += [left + right for left, right in found]
    pieces = list(dict.fromkeys(pieces)) + SPECIAL
    return {piece: i for i, piece in enumerate(pieces)}, found


def repository_text():
    listed = subprocess.check_output(["git", "ls-files", "-z", "*.md", "*.h", "*.py"], cwd=ROOT, text=True)
    lines = []
    for name in listed.strip("\0").split("\0"):
        lines += (ROOT / name).read_text().splitlines()
    return lines


def write(folder, vocabulary, merges, in_any_case=True):
    """vocab.json and merges.txt, with the config that openai/clip-vit-large-patch14 has."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2"] + [" ".join(pair) for pair in merges]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    token = {"__type": "AddedToken", "lstrip": False, "normalized": True, "rstrip": False}
    token["single_word"] = False
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": SPECIAL[1]}
    for key, content in (("bos_token", 0), ("eos_token", 1), ("unk_token", 1)):
        config[key] = {**token, "content": SPECIAL[content]} if in_any_case else SPECIAL[content]
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")
