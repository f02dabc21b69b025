"""Makes the sentencepiece model from captions: T5 conventions (pad 0, </s> 1, unk 2, no bos), lower case, at
most 1000 pieces.

python tokenizer.py STATE            # writes STATE/spiece.model and prints a few segmentations
"""

import os
import re
import sys

import numpy as np
import sentencepiece
import wording
import world

# close words that captions never hold, so that at least their pieces exist
EXTRA = [
    "the",
    "a",
    "an",
    "of",
    "and",
    "with",
    "over",
    "under",
    "near",
    "from",
    "into",
    "through",
    "while",
    "slowly",
    "quickly",
    "little",
    "large",
    "small",
    "huge",
    "bright",
    "dark",
    "light",
    "shining",
    "sun",
    "moon",
    "stars",
    "sky",
    "cloud",
    "clouds",
    "wind",
    "storm",
    "snow",
    "rain",
    "water",
    "wave",
    "waves",
    "tree",
    "hill",
    "mountain",
    "road",
    "street",
    "house",
    "tower",
    "beach",
    "boat",
    "car",
    "ball",
    "bird",
    "balloon",
    "person",
    "boy",
    "girl",
    "child",
    "dog",
    "cat",
    "horse",
    "train",
    "plane",
    "bicycle",
    "flower",
    "river",
    "field",
    "bridge",
    "orange",
    "black",
    "brown",
    "pink",
    "gold",
    "silver",
    "grey",
]


def make(file, pieces=1000):
    rng = np.random.RandomState(5)
    lines = [wording.caption(world.draw(rng), rng) for _ in range(40000)] + [
        w for w in EXTRA for _ in range(40)
    ]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=file[:-6],
        vocab_size=pieces,
        model_type="unigram",
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        normalization_rule_name="nmt_nfkc_cf",
        character_coverage=1.0,
        required_chars="abcdefghijklmnopqrstuvwxyz0123456789.,-'!?",
        num_threads=1,
        minloglevel=2,
        input_sentence_size=60000,
    )
    os.remove(file[:-6] + ".vocab")


class Tokenizer:
    """text -> list of ids with the closing </s>, as transformers' T5Tokenizer gives for text of known
    characters."""

    def __init__(self, file):
        self.sp = sentencepiece.SentencePieceProcessor(model_file=file)

    def __len__(self):
        return self.sp.get_piece_size()

    def __call__(self, text):
        return self.sp.encode(re.sub(r"\s+", " ", text).strip())[:511] + [1]


def main():
    make(sys.argv[1] + "/spiece.model")
    t = Tokenizer(sys.argv[1] + "/spiece.model")
    print(len(t), "pieces")
    for s in (
        "A red boat sails to the left on the sea at sunset, the camera zooms in.",
        "Hot-air balloon",
        "an elephant",
    ):
        print(t.sp.encode(s, out_type=str), t(s))


if __name__ == "__main__":
    main()
