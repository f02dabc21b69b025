"""Everything from nothing to a model in one command, step by step. Run again, it goes on where it stopped.

    python all.py STATE DATA MODEL --scale cpu   # some thirty hours of one core, in as many parts as you like
    python all.py STATE DATA MODEL --scale gpu   # half an hour on one data-centre GPU with 16 cores
    python all.py STATE DATA MODEL --scale try   # minutes; shows that every step works, makes a poor model

Each step is one of the scripts here with its arguments, printed before it runs. SIGTERM and Ctrl-C stop after
the running step has saved its state. Where the autoencoder is worse than --gate dB on held-out clips, the run
ends there: a denoiser on a poor autoencoder is lost time. --from MODEL begins with the weights of a shipped
model instead of with none, --autoencoder-from MODEL with those of its autoencoder alone, which spares hours.
--parts DIR copies the state in pieces of at most 16 MB, with their SHA-256 sums, for machines that hand back
small files only: `cat` puts them together again.
"""

import argparse
import glob
import hashlib
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PART = 16 * 2**20 - 2**16

# clips of each size, samples of each training, and what suits the machine
SCALES = {
    "try": {
        "clips": {"64x64": 40, "64x96": 20},
        "held": 8,
        "captions": 2000,
        "autoencoder": 60,
        "adapted": 60,
        "autoencoder_options": ["--batch", 2, "--base", 48, "--z", 48],
        "denoiser": 300,
        "denoiser_options": ["--batch", 8, "--layers", 2, "--width", 256, "--ffn", 256, "--procs", 1],
        "distil": 64,
        "decoder": 20,
        "reader": 160,
        "batch": 8,
        "native": "64x64",
    },
    "cpu": {
        "clips": {"128x128": 6000, "96x160": 800, "160x96": 800},
        "held": 32,
        "captions": 150000,
        "autoencoder": 40000,
        "adapted": 9000,
        "autoencoder_options": [],
        "denoiser": 400000,
        "denoiser_options": ["--batch", 24, "--layers", 4, "--width", 320, "--ffn", 1280]
        + ["--optimiser", "adam", "--procs", 1],
        "distil": 20000,
        "decoder": 8000,
        "reader": 30000,
        "batch": 12,
        "native": "128x128",
    },
    "gpu": {
        "clips": {"128x128": 12000, "96x160": 1600, "160x96": 1600},
        "held": 48,
        "captions": 150000,
        "autoencoder": 150000,
        "adapted": 60000,
        "autoencoder_options": ["--batch", 32],
        "denoiser": 4000000,
        "denoiser_options": ["--batch", 256, "--layers", 6, "--width", 320, "--ffn", 1280],
        "distil": 200000,
        "decoder": 60000,
        "reader": 60000,
        "batch": 128,
        "native": "128x128",
    },
}  # fmt: skip

# a trained autoencoder that learns a new world; cells of a token, and what that asks of the denoiser
ADAPTED = ["--decoder-first", 0, "--small-until", 0, "--paint-from", 0.3, "--lr", 4e-4, "--batch", 2]
PATCHES = {
    2: ["--patch", 2, "--batch", 6],
    4: ["--patch", 4, "--batch", 24, "--predicts", "sample"],
}  # fmt: skip


def clip_steps(options, single):
    """[(what it makes, words of the command)], as all of these functions give"""
    scale, data = SCALES[options.scale], options.data
    yield "a look at the world", ["sheet.py", options.state + "/world.png"]
    for size in scale["clips"]:
        held = ["render.py", data, size, scale["held"], "--seed", 900, "--unseen", *single]
        yield "held-out clips of " + size, held
    for size, count in scale["clips"].items():
        yield "clips of " + size, ["render.py", data, size, count, *single]
        longer = ["render.py", data, size, max(1, count // 4), "--seed", 2, "--parts", *single]
        yield "parts of longer ways of " + size, longer


def autoencoder_steps(options, single):
    """Also the tokenizer and a start for the text encoder; or all of it out of a shipped model."""
    scale, state, data = SCALES[options.scale], options.state, options.data
    if options.start:
        if not os.path.exists(state + "/vae.pt"):
            yield "the state of a shipped model", ["resume.py", options.start, state]
    else:
        if options.autoencoder and not os.path.exists(state + "/vae.pt"):
            take = ["resume.py", options.autoencoder, state, "--autoencoder"]
            yield "the autoencoder of a shipped model", take
        if not os.path.exists(state + "/spiece.model"):
            yield "the tokenizer", ["tokenizer.py", state]
        if not os.path.exists(state + "/transformer.pt"):
            words = ["train_text.py", state, "--captions", scale["captions"]]
            yield "a head start for the text encoder", words
        if not glob.glob(data + "/*.latents.npy"):
            train = ["--samples", scale["autoencoder"], *scale["autoencoder_options"]]
            if options.autoencoder:
                train = ["--samples", scale["adapted"], *ADAPTED]
            gate = ["--gate", options.gate if options.scale != "try" else 0]
            yield "the autoencoder", ["train_vae.py", state, data, *train, *gate]
    for size in scale["clips"]:
        yield "latents of " + size, ["encode.py", state, data, size + "-seen", *single]
    if not options.start and not os.path.exists(state + "/transformer.pt"):
        yield "the latents' scale", ["encode.py", state, data, "--stats"]


def denoiser_steps(options, single):
    scale, state, data = SCALES[options.scale], options.state, options.data
    sizes = ",".join(scale["clips"])
    train = ["train_transformer.py", state, data, "--sizes", sizes, "--samples", scale["denoiser"]]
    patch = PATCHES[options.patch] if options.patch else []
    yield "the denoiser", [*train, *scale["denoiser_options"], *patch]
    fold = ["distil.py", state, data, "--sizes", sizes, "--samples", scale["distil"], "--guidance", 2.5]
    yield "guidance folded in", [*fold, "--batch", scale["batch"], *single]
    paint = ["train_decoder.py", state, data, "--samples", scale["decoder"]]
    if options.autoencoder:
        paint += ["--crop", 10]  # cells, which are smaller
    yield "the decoder, on what the denoiser makes", [*paint, "--denoiser", "distilled.pt"]
    reader = ["evaluate.py", state, data, "reader", "--samples", scale["reader"], "--size", scale["native"]]
    yield "the reader of attributes", reader
    write = ["export.py", state, options.model, "--transformer", "distilled.pt", "--guidance", 1]
    sizes = ["--native", scale["native"], "--smallest", scale["native"]]
    yield "the model", [*write, "--steps", 8, *sizes]
    yield "curves", ["plot.py", state]


def steps(options):
    """What is there already is looked at when its step comes."""
    single = ["--procs", 1] if options.single else []
    yield from clip_steps(options, single)
    yield from autoencoder_steps(options, single)
    yield from denoiser_steps(options, single)


def parts(state, folder):
    os.makedirs(folder, exist_ok=True)
    sums = []
    for file in sorted(
        glob.glob(state + "/*.pt") + glob.glob(state + "/*.model") + glob.glob(state + "/log.jsonl")
    ):
        with open(file, "rb") as whole:
            for number, piece in enumerate(iter(lambda: whole.read(PART), b"")):
                name = f"{os.path.basename(file)}.{number:03d}"
                sums.append(hashlib.sha256(piece).hexdigest() + "  " + name)
                with open(folder + "/" + name, "wb") as out:
                    out.write(piece)
    with open(folder + "/SHA256SUMS", "w") as file:
        file.write("\n".join(sums) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("data")
    parser.add_argument("model")
    parser.add_argument("--scale", choices=list(SCALES), default="cpu")
    parser.add_argument("--from", dest="start", default="")
    parser.add_argument("--autoencoder-from", dest="autoencoder", default="")
    parser.add_argument(
        "--patch", type=int, choices=list(PATCHES), help="cells a side of a token, with --autoencoder-from"
    )
    parser.add_argument("--gate", type=float, default=27.0, help="dB that the autoencoder must reach")
    parser.add_argument(
        "--single", action="store_true", help="one process only, on a machine with other work"
    )
    parser.add_argument("--parts", default="")
    parser.add_argument("--dry-run", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.state, exist_ok=True)
    for what, words in steps(options):
        words = [str(w) for w in words]
        print(f"==== {what}: python {' '.join(words)}", flush=True)
        if options.dry_run:
            continue
        start = time.time()
        step = subprocess.Popen([sys.executable, os.path.join(HERE, words[0])] + words[1:], cwd=os.getcwd())
        try:
            code = step.wait()
        except KeyboardInterrupt:
            code = step.wait() or 130  # the step has the signal too, and saves
        print(f"==== {time.time() - start:.0f} s", flush=True)
        if code:
            if options.parts:
                parts(options.state, options.parts)
            raise SystemExit(code if code > 0 else 128 - code)
    if options.parts and not options.dry_run:
        parts(options.state, options.parts)


if __name__ == "__main__":
    main()
