#!/usr/bin/env python3
"""Sets the tokenizer's ids for many random texts beside those of transformers.

    scripts/stress/tokens.py [--count 100000] [--seed 1] [--places PLACE ...] [--large PIECES]

The texts mix scripts, mojibake, emoji, combining marks, control characters, kinds of white space, special
pieces in the middle of words, runs that can be cut in many equally good ways, and long words. Half are shared
by all vocabularies; half are made of the pieces of the one that is tested. A PLACE is a tokenizer's folder,
of T5 or of CLIP; by default those of the tests, the model that ships, and one of each kind with --large
pieces that is trained here on this repository's text.

Needs transformers, sentencepiece and protobuf, and build/release/tests/tokenize, which
`scripts/build release tokenize` builds.
What it found and the versions go to stdout; it ends with 1 if any text differs.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata

import sentencepiece
import tokenizers
import transformers
from transformers import CLIPTokenizer, T5TokenizerFast

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = [ROOT / "tests/data/text/tokenizers", ROOT / "tests/data/clip_text/tokenizers"]

WORDS = [
    "a",
    "cat",
    "lighthouse",
    "in",
    "the",
    "storm",
    "über",
    "dem",
    "Fluß",
    "naïve",
    "café",
    "coração",
    "Schiffsfahrt",
    "Tiếng",
    "Việt",
    "œuvre",
    "東京の夜",
    "雨が降る",
    "鬱",
    "猫猫猫",
    "一只猫在花园里玩",
    "Привет",
    "мир",
    "маяк",
    "ελληνικά",
    "ΐ",
    "한국어",
    "문장",
    "สวัสดีครับ",
    "ก็",
    "नमस्ते",
    "क्षत्रिय",
    "مرحبا",
    "بالعالم",
    "שלום",
    "עולם",
    "தமிழ்",
    "ភាសាខ្មែរ",
    "🙂",
    "🙃",
    "👨\u200d👩\u200d👧",
    "🇩🇪",
    "❤️",
    "👍🏽",
    "“quoted”",
    "‘it’s’",
    "—",
    "…",
    "™",
    "½",
    "²",
    "ﬁne",
    "Ⅷ",
    "㍿",
    "ﷺ",
    "℃",
    "①",
    "Ｗｉｄｅ",
    "ｶﾀｶﾅ",
    "ﾊﾟ",
    "é",
    "ạ̈",
    "q̣̇",
    "각",
    "ẛ̣",
    "schÃ¶n",
    "cafÃ©",
    "â€œquotedâ€\x9d",
    "Ð¿Ñ€Ð¸Ð²ÐµÑ‚",
    "ðŸ™‚",
    "&amp;",
    "&eacute;",
    "\x1b[31m",
    "4K",
    "16:9",
    "100%",
    "3.14",
    "C++",
    "user@example.org",
    "http://a.b/c?d=e",
    "soooo!!!!!!!!",
    "aaaaaaa",
    "hahahahaha",
    ".........",
    "-----",
]
SPECIAL = [
    "<pad>",
    "</s>",
    "<unk>",
    "<s>",
    "<extra_id_0>",
    "<extra_id_7>",
    "<extra_id_99>",
    "<extra_id_100>",
    "<ctrl>",
    "[cat]",
    "<0x41>",
    "<0xE6>",
    "＜pad＞",
    "＜/s＞",
    "<|startoftext|>",
    "<|endoftext|>",
    "<|StartOfText|>",
    "<|ENDOFTEXT|>",
    "'s",
    "'LL",
]
SPACES = [" "] * 12
SPACES += [
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\u3000",
    "\xa0",
    "\u2028",
    "\u200b",
    "\u0085",
    "\u2003",
    "▁",
    "\x1c",
    "",
]
MARKS = ["\u0301", "\u0308", "\u0323", "\u200d", "\ufe0f", "\u20e3", "\u0338", "\u3099", "\u094d"]
RANGES = [(0, 0x7F), (0x80, 0x24F), (0x250, 0x5FF), (0x600, 0xDFF), (0xE00, 0x1FFF), (0x2000, 0x2BFF)]
RANGES += [(0x3000, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x2FFFF), (0x30000, 0x10FFFF)]


class Texts:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def character(self):
        """Any that is assigned: where newer ones end a grapheme cluster depends on each library's Unicode."""
        while True:
            char = chr(self.random.randint(*self.random.choice(RANGES)))
            if unicodedata.category(char) not in ("Cn", "Cs"):
                return char

    def word(self, pieces):
        """A word; `pieces` are those of the vocabulary, or None."""
        r = self.random
        kind = r.randrange(12)
        if pieces and kind < 7:
            chosen = [r.choice(pieces) for _ in range(r.randint(1, 5))]
            if kind == 0:  # equally good cuts
                return r.choice(chosen) * r.randint(2, 20)
            if kind == 1:
                return "".join(r.choice(chosen) for _ in range(r.randint(2, 40)))
            if kind == 2:
                return "".join(r.choice(chosen)[: r.randint(1, 3)] for _ in range(r.randint(2, 12)))
            return "".join(chosen)
        if kind == 7:
            return r.choice("abcestlo01.!-_=あ猫я🙂") * r.randint(2, 60)
        if kind == 8:
            return "".join(self.character() for _ in range(r.randint(1, 8)))
        if kind == 9:
            return "".join(
                r.choice(WORDS)[:1] + r.choice(MARKS) * r.randint(0, 3) for _ in range(r.randint(1, 6))
            )
        if kind == 10:
            return r.choice(WORDS) + r.choice(SPECIAL) + r.choice(["", r.choice(WORDS)])
        return r.choice(WORDS)

    def text(self, pieces):
        r = self.random
        if r.random() < 0.004:  # one long word
            return "".join(self.word(pieces) for _ in range(r.randint(50, 300)))
        return "".join(self.word(pieces) + r.choice(SPACES) for _ in range(r.choice([1, 2, 3, 5, 8, 20])))


def train(folder, pieces):
    """A vocabulary of its own, of this repository's text and names of characters in many scripts."""
    listed = subprocess.check_output(["git", "ls-files", "-z", "*.md", "*.h", "*.py"], cwd=ROOT, text=True)
    lines = []
    for name in listed.strip("\0").split("\0"):
        lines += (ROOT / name).read_text().splitlines()
    texts = Texts(0)
    lines += [" ".join(texts.random.choices(WORDS, k=12)) for _ in range(4000)]
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(lines))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(folder / "spiece"),
        vocab_size=pieces,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    corpus.unlink()


def train_clip(folder, pieces):
    sys.path.insert(0, str(ROOT / "scripts/goldens"))
    import tiny_clip

    lines = tiny_clip.repository_text()
    lines += [" ".join(random.Random(0).choices(WORDS, k=12)) for _ in range(4000)]
    tiny_clip.write(folder, *tiny_clip.train(lines, pieces))


def is_of_clip(place):
    """By what is in the folder: T5's pieces have scores, CLIP's have merges."""
    if (place / "merges.txt").exists():
        return True
    whole = place / "tokenizer.json"
    return whole.exists() and '"merges"' in whole.read_text()


def ours(program, place, texts):
    blob = b"".join(b"%d\n" % len(data) + data for data in (text.encode() for text in texts))
    kind = ["clip"] if is_of_clip(place) else []
    out = subprocess.run([program, place, *kind], input=blob, stdout=subprocess.PIPE, check=True)
    return [[int(x) for x in line.split()] for line in out.stdout.decode().splitlines()]


def compare(place, options):
    tokenizer = (CLIPTokenizer if is_of_clip(place) else T5TokenizerFast).from_pretrained(place)
    vocabulary = [
        piece.replace("▁", " ").replace("</w>", " ").strip()
        for piece in tokenizer.get_vocab()
        if not piece.startswith("<")
    ]
    pieces = sorted({piece for piece in vocabulary if piece})
    texts = Texts(options.seed)
    cases = [texts.text(None if i % 2 else pieces) for i in range(options.count)]
    expected = tokenizer(cases, add_special_tokens=True, return_attention_mask=False).input_ids
    start = time.perf_counter()
    found = ours(options.program, place, cases)
    seconds = time.perf_counter() - start
    assert len(found) == len(cases)
    wrong = [i for i, (a, b) in enumerate(zip(expected, found)) if a != b]
    size = sum(len(case.encode()) for case in cases)
    print(f"{place}: {len(tokenizer)} ids, {len(cases)} texts, {size / 1e6:.1f} MB, ", end="")
    print(f"{sum(map(len, expected))} ids; {len(wrong)} texts differ; {seconds:.1f} s", flush=True)
    for i in sorted(wrong, key=lambda i: len(cases[i]))[: options.show]:
        print(f"  {ascii(cases[i])[:300]}")
        for name, ids in (("transformers", expected[i]), ("sora-gen", found[i])):
            print(f"    {name}: {' '.join(map(ascii, tokenizer.convert_ids_to_tokens(ids)))[:400]}")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--show", type=int, default=5, help="how many differing texts to print for each vocabulary"
    )
    parser.add_argument("--large", type=int, default=8000)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/tests/tokenize")
    parser.add_argument("--places", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    print(
        f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, seed {options.seed}"
    )
    with tempfile.TemporaryDirectory() as folder:
        places = options.places
        if not places:
            large, default, clip = (pathlib.Path(folder) / name for name in ("large", "default", "clip"))
            for place in (large, default):
                place.mkdir()
            train(large, options.large)
            train_clip(clip, options.large)
            shutil.copy(ROOT / "models/default/tokenizer/spiece.model", default)
            of_tests = [p for tests in TESTS for p in sorted(tests.iterdir()) if p.is_dir()]
            places = [*of_tests, default, large, clip]
        sys.exit(sum(compare(place, options) for place in places) > 0)


if __name__ == "__main__":
    main()
