#!/usr/bin/env python3
"""Golden data for prompt cleaning, the tokenizer and the text encoders: writes tests/data/text.

    python scripts/goldens/text.py

Needs diffusers, transformers, ftfy, sentencepiece and protobuf. What made the data is written in
versions.json.
"""

import contextlib
import html.entities
import json
import pathlib
import random
import shutil
import sys
import tempfile

import diffusers
import ftfy
import sentencepiece
import tokenizers
import torch
import transformers
from diffusers import UniPCMultistepScheduler, WanPipeline
from diffusers.pipelines.wan.pipeline_wan import prompt_clean
from ftfy import chardata
from ftfy.badness import MOJIBAKE_CATEGORIES
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5EncoderModel, T5TokenizerFast, UMT5Config, UMT5EncoderModel

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/text"
RANDOM = random.Random(20)

CURATED = [
    "", " ", "a cat", "  two   cats \t on\na mat \r\n",
    "a\u3000cat\u2028and\u2029a\u0085dog\u00a0here\u2003now\u202fok", "sch\u00c3\u00b6n",
    "caf\u00c3\u00a9 au lait", "\u00c3\u00a0 la carte", "voil\u00c3 le travail", "Ã la mode, Ã s vezes",
    "l\u00e2\u20ac\u2122humanit\u00c3\u00a9", "â€œquotedâ€\x9d text", "â€œ like this â€\ufffd",
    "âœ” No problems", "ã\x83\x84 face", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚ Ð¼Ð¸Ñ€", "РїСЂРёРІРµС‚", "ä¸œäº¬",
    "æ\x9d±äº¬ã\x81®å¤œ", "ðŸ™‚ smile", "ðŸ\x98\x8d love", "rÃƒÂ©sumÃƒÂ©", "√© and ‚Äúmac‚Äù",
    "l'ÃƒÂ©tÃƒÂ©", "\xed\xa0\xbd\xed\xb8\x8d cesu", "Â£5 and â‚¬9", "100Â°C",
    "naÃ¯ve â€“ dash â€” dash â€¦", "Å¡ koda, Å½ena", "doÄŸal gÃ¼zel", "ÎµÎ»Î»Î·Î½Î¹ÎºÎ¬", "×©×œ×•×\x9d",
    "Ù…Ø±Ø\xadØ¨Ø§", "à¤¨à¤®à¤¸à¥\x8dà¤¤à¥‡", "한국어 ê°€ë‚˜ë‹¤", "mixed 東京 and schÃ¶n and ünïcödé",
    "Å is a letter, Ã is one too", "ÃO and Âncora", "Ā plan", "the pH is 7 ± 1 µm²",
    "C1 \x93quotes\x94 and \x85 dots", "only \x81\x8d\x8f",
    "e\u0301 a\u0308\u0323 i\u0307 \u1100\u1161\u11a8 \u212b \u2126", "q\u0323\u0307 vs q\u0307\u0323",
    "“curly” ‘single’ ‚low‛ „low‟ ʼn ŉ", "ﬁne ﬂow oﬃce ﬆop ſt ﬅ Ǆ ǅ ǆ Ĳ ĳ",
    "ＬＯＵＤ　ＮＯＩＳＥＳ １２３！", "ｶﾀｶﾅ ﾊﾟﾝ ﾡ ￦ ￨", "＜ｂ＞bold＜／ｂ＞",
    "\x1b[31mred\x1b[0m text \x1b[1;2H \x1b[m \x1b[31", "\x00nul\x07bell\x08 \x7f",
    "\ufeffbom \ufff9a\ufffab\ufffb \ufffc \u206a\u206f", "zero\u200bwidth \u200d joiner \u200f rtl \u2060",
    "a &amp; b", "a &amp;amp; b &amp;amp;amp; c", "&lt;b&gt; &quot;x&quot; &apos;y&apos;",
    "<b>&eacute;</b> &Eacute; &EACUTE;", "&EACUTE; &NTILDE; &nTILDE; &SZLIG; &HELLIP;",
    "line &EACUTE;\n<i>&EACUTE;</i>\n&EACUTE;", "&eacute &copy2020 &notit; &notin; &no",
    "&#65;&#x41;&#X41;&#65 &#x41",
    "&#0;&#128;&#129;&#150;&#x9F;&#13;&#11;&#xD800;&#x110000;&#99999999999999999999;",
    "&#xFDD0;&#xFFFE;&#x1F600;", "&#12a; &#; &#x; &; & &&amp; &#59; &#x3b;",
    "&NotEqualTilde; &ThickSpace;| &nbsp;| &ZeroWidthSpace;|",
    "&bogus; &thisnameistoolongtobeanentityofhtml;",
    "&CounterClockwiseContourIntegral; &amp;lt;tag&amp;gt; &amp;#39;", "&sup2; &frac12; &there4; &fjlig;",
    "👨‍👩‍👧 family, 🇩🇪 flag, ❤️ heart, 👍🏽", "東京の夜、雨が降る。", "Привет, мир!", "Ελληνικά ΐ",
    "한국어 문장", "สวัสดีครับ ก็", "नमस्ते क्षत्रिय", "مرحبا بالعالم", "שלום עולם", "ភាសាខ្មែរ", "தமிழ்",
    "Tiếng Việt", "\U00020000\U0002f800", "½ ² ™ ℃ Ⅷ ① ㍿ ﷺ", "œuvre ŒUVRE œ. Œ9", "x" * 300,
    "a\n\n\nb\r\rc", "\n", "\r", "tab\tvt\x0bff\x0cfs\x1cgs\x1drs\x1eus\x1f", "trailing space\u00a0",
    "\u00a0leading", "<pad> </s> <extra_id_0> text <unk>", "100% \"sure\" 'ok' `tick` \\ / | ~ ^ {} []",
]  # fmt: skip

WORDS = [
    "a",
    "cat",
    "über",
    "dem",
    "Fluß",
    "naïve",
    "café",
    "東京の夜",
    "Привет",
    "мир",
    "ελληνικά",
    "한국어",
    "สวัสดี",
    "नमस्ते",
    "مرحبا",
    "שלום",
    "🙂",
    "👨\u200d👩\u200d👧",
    "“quoted”",
    "‘it’s’",
    "—",
    "…",
    "™",
    "½",
    "ﬁne",
    "Ｗｉｄｅ",
    "ｶﾀｶﾅ",
    "ﾊﾟ",
    "é",
    "ạ̈",
    "à",
    "às",
    "São",
    "coração",
    "£5",
    "€9",
    "°C",
    "œuvre",
    "&amp;",
    "&eacute",
    "&#x41;",
    "\u3000",
    "\x85",
    "\x1b[1m",
    "\x00",
    "�",
    "\xa0",
]
ENCODINGS = [*chardata.CHARMAP_ENCODINGS, "cp1252"]
SUSPECTS = sorted(
    set("".join(MOJIBAKE_CATEGORIES.values()) + "".join(chardata.UTF8_CLUES.values()))
    | {chr(c) for c in range(0x80, 0x250)}
)


def mojibake(text):
    try:
        broken = text.encode("utf-8").decode(RANDOM.choice(ENCODINGS))
    except UnicodeDecodeError:
        return text
    kind = RANDOM.random()
    if kind < 0.2:
        return broken.replace("\xa0", " ")
    if kind < 0.4:
        return "".join(("\ufffd" if kind < 0.3 else "?") if "\x80" <= c <= "\x9f" else c for c in broken)
    return broken


def dirty():
    """A random string of clean, broken and odd parts."""
    parts = []
    for _ in range(RANDOM.randint(1, 5)):
        kind = RANDOM.random()
        words = " ".join(RANDOM.choice(WORDS) for _ in range(RANDOM.randint(1, 3)))
        if kind < 0.3:
            parts.append(words)
        elif kind < 0.6:
            parts.append(mojibake(words))
        elif kind < 0.7:
            parts.append(mojibake(mojibake(words)))
        elif kind < 0.85:
            parts.append("".join(RANDOM.choice(SUSPECTS) for _ in range(RANDOM.randint(1, 5))))
        else:
            parts.append(
                "&"
                + RANDOM.choice(list(html.entities.html5))[: RANDOM.randint(1, 12)]
                + RANDOM.choice(["", ";", "x"])
            )
    return RANDOM.choice(["", " "]).join(parts)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=True, indent=0) + "\n")


def clean_goldens():
    texts = CURATED + [dirty() for _ in range(260)]
    write_json(OUT / "prompt_clean.json", [{"text": t, "clean": prompt_clean(t)} for t in texts])


CORPUS = """a lighthouse in a storm, waves break over the rocks at night
the camera moves slowly over a field of red flowers in the wind
two cats play in the garden at sunset; a dog looks on from the porch
a small boat on a calm lake, mountains in the background, soft morning light
rain on the streets of a city, neon signs mirror in the puddles
a white cube rotates on a wooden table, studio light, 4 seconds, 16 fps
über den Wolken muss die Freiheit wohl grenzenlos sein
le château au bord de la mer, l'été, un café à la terrasse
la niña juega en el jardín mañana por la tarde
東京の夜は雨が降る 日本の山と海 一只猫在花园里玩
Привет мир, маяк во время шторма
한국어 문장 하나, 바다와 산""".splitlines()


def train(folder, **options):
    folder.mkdir(parents=True, exist_ok=True)
    # The model records its input's name and its own: both are relative, for the same bytes anywhere.
    with tempfile.TemporaryDirectory() as work, contextlib.chdir(work):
        pathlib.Path("corpus.txt").write_text("\n".join(CORPUS * 6))
        sentencepiece.SentencePieceTrainer.train(
            input="corpus.txt",
            model_prefix="spiece",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            hard_vocab_limit=False,
            minloglevel=2,
            num_threads=1,
            **options,
        )
        shutil.copy("spiece.model", folder)


def tokenizer_goldens():
    root = OUT / "tokenizers"
    train(root / "plain", vocab_size=300, normalization_rule_name="nmt_nfkc")
    train(root / "bytes", vocab_size=600, normalization_rule_name="identity", byte_fallback=True,
          user_defined_symbols=["[cat]", "<s>"], control_symbols=["<ctrl>"])  # fmt: skip
    write_json(root / "bytes" / "tokenizer_config.json", {"tokenizer_class": "T5Tokenizer", "extra_ids": 7})
    with tempfile.TemporaryDirectory() as folder:
        T5TokenizerFast.from_pretrained(root / "bytes").save_pretrained(folder)
        (root / "json").mkdir(parents=True, exist_ok=True)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(pathlib.Path(folder) / name, root / "json" / name)

    odd = [
        "a <extra_id_0> cat</s>and<pad>a <unk> dog <extra_id_99> <extra_id_100>", "<extra_id_6><extra_id_7>",
        "[cat] a[cat]b <s> <ctrl>x", "<0x41> <0xE6>", "▁a a▁b ▁▁ ▁", "🙂 in the storm", "🙂🙃 ☂x☂",
        "日本の山 龍 鬱の海", "²\u0301 ©\ufe0f ½\u0338 \u1100\u1161\u11a8 ẛ\u0323 ﷺ", "\u200b \u200d \ufeff",
        "ﬁne ½ Ⅷ ㍿", "lighthouse" * 70, "a " * 600, "über den Wolken " * 120, "猫" * 520, "x" * 2000,
    ]  # fmt: skip
    texts = [prompt_clean(t) for t in CURATED] + CORPUS + odd + [t[: len(t) // 2] for t in CORPUS]
    texts = list(dict.fromkeys(texts))
    result = {"texts": texts, "ids": {}}
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        tokenizer = T5TokenizerFast.from_pretrained(folder)
        rows = []
        for text in texts:
            out = tokenizer(
                [text],
                padding="max_length",
                max_length=512,
                truncation=True,
                add_special_tokens=True,
                return_attention_mask=True,
            )
            assert len(out.input_ids[0]) == 512
            rows.append(out.input_ids[0][: sum(out.attention_mask[0])])
        result["ids"][folder.name] = rows
    write_json(OUT / "tokens.json", result)


PROMPTS = [
    "",
    "a lighthouse in a storm",
    "  schÃ¶n &amp;amp; 東京の夜 🙂 “x” ",
    "the camera moves over the lake and " * 60,
]

ENCODERS = {
    # name: class, config, tokenizer, dtype of the file, largest shard, name of the embedding
    "umt5": (UMT5EncoderModel, UMT5Config(
        d_model=20, d_kv=8, num_heads=3, d_ff=28, num_layers=3, feed_forward_proj="gated-gelu"),
        "plain", torch.float32, None, "shared"),
    "umt5_bf16": (UMT5EncoderModel, UMT5Config(
        d_model=16, d_kv=6, num_heads=2, d_ff=24, num_layers=2, relative_attention_num_buckets=12,
        relative_attention_max_distance=20, layer_norm_epsilon=1e-3, feed_forward_proj="gated-gelu"),
        "json", torch.bfloat16, "12KB", "embed_tokens"),
    "t5": (T5EncoderModel, T5Config(
        d_model=12, d_kv=5, num_heads=4, d_ff=20, num_layers=3, feed_forward_proj="gated-gelu"),
        "plain", torch.float32, "10KB", "both"),
    "t5_relu": (T5EncoderModel, T5Config(
        d_model=16, d_kv=4, num_heads=4, d_ff=20, num_layers=2, relative_attention_num_buckets=8,
        relative_attention_max_distance=16, feed_forward_proj="relu"),
        "bytes", torch.float16, None, "shared"),
}  # fmt: skip


def rename_embedding(folder, naming):
    """Stores the embedding under its older name, or under both, beside weights of a decoder."""
    if naming == "shared":
        return
    index_path = folder / "model.safetensors.index.json"
    index = json.loads(index_path.read_text())
    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        if "shared.weight" not in tensors:
            continue
        embedding = tensors["shared.weight"]
        tensors["encoder.embed_tokens.weight"] = embedding.clone()
        index["weight_map"]["encoder.embed_tokens.weight"] = path.name
        if naming == "both":
            tensors["decoder.final_layer_norm.weight"] = torch.ones(3)
            index["weight_map"]["decoder.final_layer_norm.weight"] = path.name
        else:
            del tensors["shared.weight"], index["weight_map"]["shared.weight"]
        save_file(tensors, path, metadata={"format": "pt"})
    index_path.write_text(json.dumps(index, indent=0) + "\n")


def encoder_goldens():
    embeds = {}
    for seed, (name, (model_class, config, tokenizer_name, dtype, shard, naming)) in enumerate(
        ENCODERS.items()
    ):
        tokenizer = T5TokenizerFast.from_pretrained(OUT / "tokenizers" / tokenizer_name)
        config.vocab_size = len(tokenizer) + 3
        torch.manual_seed(seed)
        model = model_class(config).eval()
        with torch.no_grad():
            for key, weight in model.named_parameters():
                # Scores and biases large enough for the softmax to matter.
                scale = 1.0 if "relative" in key or "shared" in key else 0.1 if "norm" in key else 0.35
                weight.copy_(torch.randn(weight.shape) * scale + (1 if "norm" in key else 0))
        folder = OUT / "encoders" / name
        shutil.rmtree(folder, ignore_errors=True)
        model.to(dtype).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
        rename_embedding(folder, naming)

        model = model_class.from_pretrained(folder, dtype=torch.float32).eval()
        pipeline = WanPipeline(tokenizer=tokenizer, text_encoder=model, vae=None, transformer=None,
                               scheduler=UniPCMultistepScheduler())  # fmt: skip
        for index, prompt in enumerate(PROMPTS):
            with torch.no_grad():
                out, _ = pipeline.encode_prompt(
                    prompt, do_classifier_free_guidance=False, max_sequence_length=512
                )
            assert out.shape == (1, 512, config.d_model)
            rows = int((out[0].abs().sum(-1) > 0).sum())
            assert torch.all(out[0, rows:] == 0)
            embeds[f"{name}.{index}"] = out[0, :rows].clone()
    for name, count, distance in (("32_128", 32, 128), ("12_20", 12, 20), ("8_16", 8, 16)):
        model = UMT5EncoderModel(
            UMT5Config(
                vocab_size=4,
                d_model=4,
                d_kv=2,
                num_heads=1,
                d_ff=4,
                num_layers=1,
                relative_attention_num_buckets=count,
                relative_attention_max_distance=distance,
            )
        )
        attention = model.encoder.block[0].layer[0].SelfAttention
        buckets = attention._relative_position_bucket(torch.arange(-511, 512)[None])
        embeds[f"buckets.{name}"] = buckets[0].to(torch.int32)
    save_file(embeds, OUT / "embeds.safetensors", metadata={"prompts": json.dumps(PROMPTS)})


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    clean_goldens()
    tokenizer_goldens()
    encoder_goldens()
    write_json(
        OUT / "versions.json",
        {
            "script": "scripts/goldens/text.py",
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
            "sentencepiece": sentencepiece.__version__,
            "ftfy": ftfy.__version__,
        },
    )
