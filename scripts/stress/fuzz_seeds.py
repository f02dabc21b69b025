"""Writes the seeds of the fuzz targets, tests/fuzz/corpus/TARGET/*, cut from tests/data or made here.

usage: python3 scripts/stress/fuzz_seeds.py
Needs ffmpeg for the media. Files that begin with fault- are inputs that once showed a fault; they and those
of the planner are written by hand and stay as they are.
"""

import hashlib
import json
import math
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
MOST = 20_000  # bytes of a seed

written = set()


def seed(target, name, content, choice=None):
    """`choice` is the first byte of targets that read several kinds of files."""
    if isinstance(content, str):
        content = content.encode()
    if choice is not None:
        content = bytes([choice]) + content
    assert len(content) <= MOST, f"{target}/{name} has {len(content)} bytes"
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    written.add(path)


def header_of(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        return file.read(length).rstrip()


def some_tensors(header, count):
    """The header with its first tensors alone, so that mutations meet each of its parts sooner."""
    tensors = {k: v for k, v in json.loads(header).items() if k != "__metadata__"}
    kept = dict(sorted(tensors.items(), key=lambda item: item[1]["data_offsets"])[:count])
    return json.dumps(kept, separators=(",", ":"))


def checkpoints():
    weights = DATA / "lora" / "differences.safetensors"
    seed("safetensors", "whole", weights.read_bytes())
    seed("safetensors", "header", header_of(weights))
    seed(
        "safetensors",
        "few",
        some_tensors(header_of(DATA / "pipeline/wan21/transformer/diffusion_pytorch_model.safetensors"), 3),
    )
    seed(
        "safetensors",
        "metadata",
        '{"__metadata__":{"a":"b\\u00e9"},"x":{"dtype":"F8_E4M3","shape":[2,3],"data_offsets":[0,6]},"s":{"dtype":"BF16","shape":[],"data_offsets":[6,8]}}',
    )
    seed("safetensors", "pickle", b"PK\x03\x04" + bytes(40) + b"data.pkl")
    for name in ("bf16", "q4_k", "q8_0"):
        seed("gguf", name, (DATA / "gguf" / f"{name}.gguf").read_bytes())
    seed("gguf", "lists", vocabulary_gguf())
    seed(
        "shard_index",
        "two",
        '{"metadata":{"total_size":8},"weight_map":{"a":"a.safetensors","b.weight":"b.safetensors"}}',
    )
    seed("shard_index", "outside", '{"weight_map":{"a":"../outside.safetensors"}}')
    seed("shard_index", "link", '{"weight_map":{"a":"link.safetensors"}}')
    seed("shard_index", "missing", '{"weight_map":{"a":"c.safetensors","d":"a.safetensors"}}')


def kept_latents():
    """For the plan and the video of tests/fuzz/kept_latents.cpp."""
    metadata = {
        "kind": "sora-gen latents 1",
        "video_sha256": hashlib.sha256(b"a video\n").hexdigest(),
        "autoencoder": "a" * 64,
        "frames": "9",
        "fps": "8",
        "model_fps": "8",
        "crop_width": "30",
        "crop_height": "20",
        "windows": "1",
        "continued": "3",
    }
    shapes = {"end": [1, 2, 2, 3, 4], "start": [1, 2, 1, 3, 4], "start.still": [1, 2, 4, 3, 4]}
    shapes["window.0"] = [1, 2, 3, 3, 4]
    header, at = {"__metadata__": metadata}, 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    seed("kept_latents", "forward", json.dumps(header, separators=(",", ":")), 0)
    seed("kept_latents", "backward", json.dumps(header, separators=(",", ":")), 1)
    metadata["kind"] = "another"
    seed("kept_latents", "others", json.dumps(header, separators=(",", ":")), 0)


def gguf_text(text):
    return struct.pack("<Q", len(text)) + text


def vocabulary_gguf():
    pieces = [b"<pad>", b"</s>", b"<unk>", "\u2581a".encode(), b"b"]
    entries = [
        (b"general.architecture", 8, gguf_text(b"t5encoder")),
        (b"tokenizer.ggml.model", 8, gguf_text(b"t5")),
        (b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, len(pieces)) + b"".join(map(gguf_text, pieces))),
        (b"tokenizer.ggml.scores", 9, struct.pack("<IQ5f", 6, 5, 0, 0, 0, -1, -2)),
        (b"tokenizer.ggml.token_type", 9, struct.pack("<IQ5i", 5, 5, 3, 3, 2, 1, 1)),
        (b"tokenizer.ggml.precompiled_charsmap", 9, struct.pack("<IQ", 0, 8) + struct.pack("<II", 4, 0)),
    ]
    out = b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries))
    for key, kind, value in entries:
        out += gguf_text(key) + struct.pack("<I", kind) + value
    return out + bytes(-len(out) % 32)


def configs():
    wan = DATA / "pipeline" / "wan21"
    image = DATA / "image" / "i2v"
    seed("model_configs", "transformer", (wan / "transformer/config.json").read_bytes(), 0)
    seed("model_configs", "transformer_image", (image / "transformer/config.json").read_bytes(), 0)
    seed("model_configs", "vae", (wan / "vae/config.json").read_bytes(), 1)
    seed("model_configs", "vae_residual", (DATA / "vae/residual/config.json").read_bytes(), 1)
    seed("model_configs", "clip", (image / "image_encoder/config.json").read_bytes(), 2)
    seed("model_configs", "processor", (image / "image_processor/preprocessor_config.json").read_bytes(), 3)
    for name in ("unipc", "unipc-karras-range", "unipc-vp-trained", "dpmpp", "euler-terminal"):
        seed("model_configs", name, (DATA / "sampling/configs" / f"{name}.json").read_bytes(), 4)
    seed("model_configs", "t5", (wan / "text_encoder/config.json").read_bytes(), 5)
    seed("model_configs", "index", (wan / "model_index.json").read_bytes(), 6)
    seed("model_configs", "index_a14b", (DATA / "pipeline/a14b/model_index.json").read_bytes(), 6)
    own = json.loads((ROOT / "models/default/sora-gen.json").read_text())
    own["vocabulary"] = own.get("vocabulary", [])[:4]
    seed("model_configs", "own", json.dumps(own), 7)


def networks():
    layouts = DATA / "layouts"
    for name, file, choice in (
        ("transformer", DATA / "transformer/patches/diffusion_pytorch_model.safetensors", 0),
        ("transformer_fp8", layouts / "transformer/fp8_other.safetensors", 0),
        ("transformer_images", layouts / "transformer/two_images.safetensors", 0),
        ("vae", layouts / "vae/plain_once.safetensors", 1),
        ("vae_residual", layouts / "vae/residual_small.safetensors", 1),
        ("text", layouts / "text/original.safetensors", 2),
        ("clip", DATA / "image/i2v/image_encoder/model.safetensors", 3),
        ("lora_peft", DATA / "lora/peft_alpha.safetensors", 4),
        ("lora_kohya", DATA / "lora/kohya.safetensors", 4),
        ("lora_differences", DATA / "lora/differences.safetensors", 4),
    ):
        seed("network_files", name, header_of(file), choice)


def tokenizers():
    tokens = DATA / "text" / "tokenizers"
    seed("tokenizer_files", "spiece", (tokens / "bytes/spiece.model").read_bytes(), 0)
    whole = json.loads((tokens / "json/tokenizer.json").read_text())
    whole["model"]["vocab"] = whole["model"]["vocab"][:12]
    whole["added_tokens"] = whole.get("added_tokens", [])[:2]
    whole["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAA="}
    seed("tokenizer_files", "json", json.dumps(whole, ensure_ascii=False), 1)
    seed("tokenizer_files", "config", (tokens / "json/tokenizer_config.json").read_bytes(), 2)
    seed(
        "tokenizer_files",
        "config_t5",
        '{"tokenizer_class":"T5Tokenizer","extra_ids":3,"eos_token":{"content":"</s>"}}',
        2,
    )
    seed("tokenizer_files", "gguf", vocabulary_gguf(), 3)


def texts():
    cases = json.loads((DATA / "text/prompt_clean.json").read_text())
    for index in range(0, len(cases), 12):
        text = " ".join(case["text"] for case in cases[index : index + 4])
        seed("text", f"clean{index:03}", text.encode("utf-8", "surrogatepass")[:600])
    seed(
        "text",
        "tokens",
        "a <extra_id_0>red</s> ball &amp;amp; &EACUTE; \ufb01 \uff21\u0301 \u200d\U0001f469\u200d\U0001f680",
    )


def lists():
    seed("prompts_file", "lines", "# shots\na red ball\n\n  a blue box  \r\n", 0)
    seed(
        "prompts_file",
        "json",
        '{"prompt":"a","seconds":2,"seed":7,"output":"a-{index}.mp4"}\n{"prompt":"b","guidance":1.5,"lora":["x:0.5"],"draft":true}\n',
        1,
    )
    seed("prompts_file", "csv", 'prompt,seed,res\n"a ""red"" ball,\nrolls",7,64x48\nb,,\n', 2)
    seed("prompts_file", "tsv", "prompt\tframes\toutput\na\t5\ta.mp4\nb\t9\ta.mp4\n", 3)
    seed("storyboard", "lines", "# a story\n0:00 a forest\n0:04 a storm\n1:02.5 calm\n")
    seed(
        "storyboard",
        "json",
        '{"seconds":9,"shots":["0:00 a",{"time":4,"prompt":"b"},{"time":"0:06","image":"c.png"}],"fade":0.5}',
    )
    seed("storyboard", "array", '[{"time":"0:00","prompt":"a"},"0:05 b"]')
    seed(
        "requests",
        "line",
        '{"prompt":"a red ball","seconds":2,"seed":18446744073709551615,"output":"b.mp4","draft":true,'
        '"lora":["x","y:0.5"],"fps":23.976,"res":"64x48"}',
    )
    seed(
        "requests",
        "made",
        '{"generator":"sora-gen 0.1.0","prompt":"a","model_digest":"0123456789abcdef","steps":8,'
        '"guidance":1.0,"extra":[1,{"a":null}]}',
    )
    seed("requests", "deep", '{"generator":"a","x":' + "[" * 63 + "]" * 63 + "}")


def journals():
    key = "0123456789abcdef" * 4
    log = [
        {"event": "run", "time": 1.5, "version": "0.1.0", "host": "h", "pid": 1, "jobs": 2},
        {"event": "start", "time": 2, "key": key, "output": "a.mp4", "was_free": True},
        {
            "event": "done",
            "time": 3,
            "key": key,
            "output": "a.mp4",
            "bytes": 9,
            "frames": 5,
            "sha256": "00",
            "seconds": 1.25,
            "modified": 7,
        },
        {"event": "failed", "time": 4, "key": key, "output": "a.mp4", "exit_code": 65, "error": "bad"},
        {"event": "stopped", "time": 5, "key": key, "output": "a.mp4"},
    ]
    seed("journal", "log", "".join(json.dumps(line) + "\n" for line in log) + '{"event": "do', 0)
    seed("journal", "list", json.dumps({"key": key, "output": "a.mp4", "prompt": "a"}) + "\n", 1)


def output_names():
    for index, pattern in enumerate(
        (
            "{index:04}-{slug}-{seed}.{ext}",
            "{{x}}{line}{repeat:3}{model:5}.png",
            "frames/%05d.png",
            "50%%-%3d.jpg",
            "a.webm",
            "mkv",
        )
    ):
        seed("output_name", f"pattern{index}", pattern)


def pictures():
    def chunk(kind, body):
        import zlib

        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
    png += chunk(b"iTXt", b'comment\0\0\0\0\0{"a":1}') + chunk(b"tEXt", b"Title\0b") + chunk(b"IEND", b"")
    jpeg = b"\xff\xd8\xff\xfe\x00\x07hello\xff\xc0\x00\x0b\x08\x00\x02\x00\x02\x01\x01\x11\x00\xff\xd9"
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    turned = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    adobe = (DATA / "media/cmyk.jpg").read_bytes()
    gif = b"GIF89a\x02\0\x02\0\0\0\0!\xfe\x05hello\0,\0\0\0\0\x02\0\x02\0\0\x02\x02\x04\x01\0;"
    webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x01\0\0\x01\0\0ANIM\0\0\0\0"
    tiff = b"II*\0\x08\0\0\0\x02\0\0\x01\x03\0\x01\0\0\0\x02\0\0\0\x01\x01\x03\0\x01\0\0\0\x02\0\0\0\0\0\0\0"
    bmp = b"BM" + bytes(16) + struct.pack("<ii", 2, 2) + bytes(28)
    mp4 = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat"
    mkv = b"\x1a\x45\xdf\xa3\x84\x42\x82\x81x\x18\x53\x80\x67\x81\0"
    for name, content in (
        ("png", png),
        ("jpeg", jpeg),
        ("turned", turned),
        ("adobe", adobe),
        ("gif", gif),
        ("webp", webp),
        ("tiff", tiff),
        ("bmp", bmp),
        ("mp4", mp4),
        ("mkv", mkv),
    ):
        seed("picture_header", name, content)
        if name in ("png", "jpeg", "gif"):
            seed("picture_text", name, content)


def headers():
    seed("parameter_sets", "avcc", bytes.fromhex("0164000aff e1 0005 6764000aac 01 0004 68ebe3cb fdf8f800"))
    two = "0142c00aff e2 0005 6742c00aac 0006 6742c00a4400 01 0004 68ce3c80"
    seed("parameter_sets", "two", bytes.fromhex(two))
    seed("parameter_sets", "units", bytes.fromhex("00000005 6764000aac 00000004 68ebe3cb 00000002 6588"))
    seed("parameter_sets", "av1c", bytes.fromhex("81000c000a0b00000024cf7f0dbfff3818"))
    seed("parameter_sets", "obus", bytes.fromhex("0a0b00000024cf7f0dbfff3818"))


def encodings():
    """name: arguments of ffmpeg, all but the output"""
    source = "-f lavfi -i testsrc=size=32x32:rate=8"
    sound = "-f lavfi -i sine=frequency=440:sample_rate=8000"
    x264 = "-c:v libx264 -pix_fmt yuv420p -x264-params bframes=2:keyint=3:info=0"
    x265 = "-c:v libx265 -x265-params log-level=none:info=0 -pix_fmt yuv420p"
    aac = "-c:a aac -b:a 8k"
    vp9 = "-c:v libvpx-vp9 -c:a libopus -b:a 8k -pix_fmt yuv420p"
    av1 = "-c:v libaom-av1 -cpu-used 8 -pix_fmt yuv420p"
    kinds = {
        "h264.mp4": f"{source} {x264} -frames:v 6",
        "sound.mov": f"{source} {sound} {x264} {aac} -frames:v 4 -shortest -t 0.5",
        "fragments.mp4": f"{source} {x264} -frames:v 4 -movflags frag_keyframe+empty_moov",
        "h264.mkv": f"{source} {x264} -frames:v 4",
        "hevc.mp4": f"{source} {x265} -frames:v 3",
        "vp9.webm": f"{source} {sound} {vp9} -frames:v 4 -t 0.5",
        "av1.mp4": f"{source} {av1} -frames:v 2",
        "ffv1.mkv": f"{source} -c:v ffv1 -frames:v 2",
        "mpeg4.avi": f"{source} -c:v mpeg4 -frames:v 3",
        "h264.ts": f"{source} {x264} -frames:v 2",
        "a.gif": f"{source} -frames:v 3",
        "a.png": f"{source} -frames:v 1",
        "a.apng": f"{source} -frames:v 2",
        "a.jpg": f"{source} -frames:v 1",
        "a.webp": f"{source} -frames:v 1",
        "moving.webp": f"{source} -c:v libwebp_anim -frames:v 2",
        "a.avif": f"{source} {av1} -frames:v 1",
        "moving.avif": f"{source} {av1} -frames:v 2",
        "a.tiff": f"{source} -frames:v 1",
        "a.bmp": f"{source} -frames:v 1",
    }
    return {name: arguments.split() for name, arguments in kinds.items()}


def media():
    ffmpeg = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-bitexact"]
    with tempfile.TemporaryDirectory() as folder:
        kinds = encodings()
        marks = ["-metadata:s:v:0", "rotate=90", "-metadata", 'comment={"a":1}']
        kinds["turned.mp4"] = ["-i", os.path.join(folder, "h264.mp4"), "-c", "copy", *marks]
        for name, arguments in kinds.items():
            path = os.path.join(folder, name)
            subprocess.run([*ffmpeg, *arguments, "-bitexact", path], check=True)
            seed("media", name, Path(path).read_bytes())
    for name in ("cmyk", "ycck"):
        seed("media", f"{name}.jpg", (DATA / "media" / f"{name}.jpg").read_bytes())


def main():
    for make in (
        checkpoints,
        kept_latents,
        configs,
        networks,
        tokenizers,
        texts,
        lists,
        journals,
        output_names,
        pictures,
        headers,
        media,
    ):
        make()
    for folder in {path.parent for path in written}:
        for path in folder.iterdir():
            if path not in written and not path.name.startswith("fault-"):
                path.unlink()
    total = sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file())
    print(f"{len(written)} seeds, with the faults {total} bytes, in {CORPUS.relative_to(ROOT)}")


if __name__ == "__main__":
    if shutil.which("ffmpeg") is None:
        raise SystemExit("fuzz_seeds.py needs ffmpeg to make the media")
    main()
