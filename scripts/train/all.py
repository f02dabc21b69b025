"""Everything from nothing to a model in one command, step by step. Run again, it goes on where it stopped.

    python all.py STATE DATA MODEL --scale cpu   # some thirty hours of one core, in as many parts as you like
    python all.py STATE DATA MODEL --scale gpu   # half an hour on one data-centre GPU with 16 cores
    python all.py STATE DATA MODEL --scale try   # minutes; shows that every step works, makes a poor model

Each step is one of the scripts here with its arguments, printed before it runs. SIGTERM and Ctrl-C stop after
the running step has saved its state. Where the autoencoder is worse than --gate dB on held-out clips, the run
ends there: a denoiser on a poor autoencoder is lost time. --from MODEL begins with the weights of a shipped
model instead of with none.
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

# Drafts: clips of 128x128 (8x8 cells of 16x16x4 pixels); large: clips of twice the size, which drafts are
# refined to. Clips of each size, samples of each training, what suits the machine.
SCALES = {
    "try": {
        "drafts": {"64x64": 40, "64x96": 20},
        "large": {"128x128": 24},
        "soft": 24,
        "held": 8,
        "captions": 2000,
        "autoencoder": 60,
        "autoencoder_options": ["--batch", 2],
        "decoder": 20,
        "denoiser": 300,
        "folded": 200,
        "denoiser_options": ["--batch", 2, "--layers", 2, "--width", 128, "--ffn", 256, "--procs", 1],
        "redone": 20,
        "reader": 160,
    },
    "cpu": {
        "drafts": {"128x128": 6000, "96x160": 800, "160x96": 800},
        "large": {"256x256": 2000, "192x320": 300, "320x192": 300},
        "soft": 2000,
        "held": 32,
        "captions": 150000,
        "autoencoder": 40000,
        "autoencoder_options": [],
        "decoder": 12000,
        "denoiser": 2000000,
        "folded": 300000,
        "denoiser_options": ["--batch", 6, "--layers", 4, "--width", 256, "--ffn", 768],
        "redone": 8000,
        "reader": 30000,
    },
    "gpu": {
        "drafts": {"128x128": 12000, "96x160": 1600, "160x96": 1600},
        "large": {"256x256": 6000, "192x320": 800, "320x192": 800},
        "soft": 6000,
        "held": 48,
        "captions": 150000,
        "autoencoder": 150000,
        "autoencoder_options": ["--batch", 32],
        "decoder": 60000,
        "denoiser": 8000000,
        "folded": 1000000,
        "denoiser_options": ["--batch", 96, "--layers", 6, "--width", 320, "--ffn", 1280],
        "redone": 60000,
        "reader": 60000,
    },
}  # fmt: skip

SMALL_CELLS = ["--patch", 2, "--base", 24, "--z", 48]  # 8x8x4 pixels a cell
A_TOKEN_A_CELL = ["--patch", 1, "--short", 0.45, "--crop", 8]
GUIDANCE = 2.5  # that is folded into the denoiser
REFINED = 0.7  # the noise level from which drafts are refined
WHOLE = 0.1  # the share of its clips with which a large size is made at once, without a draft


def sizes_of(scale):
    """--sizes of the denoiser: drafts, a few large clips from nothing, and drafts that are refined."""
    large = [f"{size}*{WHOLE}" for size in scale["large"]]
    return ",".join([*scale["drafts"], *large, f"{next(iter(scale['large']))}~{REFINED}"])


def clip_steps(options, sizes, single):
    """[(what it makes, words of the command)], as all of these functions give"""
    scale, data = SCALES[options.scale], options.data
    for size in sizes:
        held = ["render.py", data, size, scale["held"], "--seed", 900, "--unseen", *single]
        yield "held-out clips of " + size, held
    for size, count in sizes.items():
        yield "clips of " + size, ["render.py", data, size, count, *single]
        longer = ["render.py", data, size, max(1, count // 4), "--seed", 2, "--parts", *single]
        yield "parts of longer ways of " + size, longer


def autoencoder_steps(options):
    """Trained at 8x8x4 pixels a cell on the small clips, then made one of 16x16x4 with the same latents; or
    one out of a shipped model. Also the tokenizer."""
    scale, state = SCALES[options.scale], options.state
    half = state + "/half"
    if os.path.exists(state + "/vae.pt"):
        return
    if options.start:
        yield "the state of a shipped model", ["resume.py", options.start, state]
        return
    if not os.path.exists(half + "/spiece.model"):
        os.makedirs(half, exist_ok=True)
        yield "the tokenizer", ["tokenizer.py", half]
    train = ["--samples", scale["autoencoder"], *SMALL_CELLS, *scale["autoencoder_options"]]
    gate = ["--gate", options.gate if options.scale != "try" else 0]
    yield "the autoencoder of 8x8x4", ["train_vae.py", half, options.data, *train, *gate]
    yield "the autoencoder of 16x16x4", ["double.py", half, state]


def latent_steps(options, single):
    """Latents of all clips; what the decoder and the text encoder begin with."""
    scale, state, data = SCALES[options.scale], options.state, options.data
    for size in [*scale["drafts"], *scale["large"]]:
        yield "latents of " + size, ["encode.py", state, data, size + "-seen", *single]
    if options.start or os.path.exists(state + "/transformer.pt"):
        return
    yield "the latents' scale", ["encode.py", state, data, "--stats"]
    yield "a head start for the text encoder", ["train_text.py", state, "--captions", scale["captions"]]
    paint = ["train_decoder.py", state, data, "--samples", scale["decoder"], "--redone", 0, "--moving", 1]
    yield "the decoder, on the clips", paint


def denoiser_steps(options, single):
    scale, state, data = SCALES[options.scale], options.state, options.data
    soft = next(iter(scale["large"]))
    yield "what drafts are refined from", ["scales.py", data, soft, "--soft", state, *single]
    train = ["train_transformer.py", state, data, "--sizes", sizes_of(scale), *A_TOKEN_A_CELL]
    train += scale["denoiser_options"]
    yield "the denoiser", [*train, "--samples", scale["denoiser"], "--decay", 0]
    both = scale["denoiser"] + scale["folded"]
    ending = ["--samples", both, "--decay", round(scale["folded"] / both, 3), "--fold", GUIDANCE]
    yield "guidance folded in, and an end to it", [*train, *ending]
    paint = ["train_decoder.py", state, data, "--samples", scale["redone"]]
    yield "the decoder, on what the denoiser makes", paint
    size = next(iter(scale["drafts"]))
    reader = ["evaluate.py", state, data, "reader", "--samples", scale["reader"], "--size", size]
    yield "the reader of attributes", reader
    write = ["export.py", state, options.model, "--guidance", 1, "--steps", 8]
    refine = ["--refine-level", REFINED, "--refine-steps", 4]
    yield "the model", [*write, "--native", soft, "--smallest", size, "--res", soft, *refine]
    yield "curves", ["plot.py", state]


def steps(options):
    """What is there already is looked at when its step comes."""
    single = ["--procs", 1] if options.single else []
    scale = SCALES[options.scale]
    yield "a look at the world", ["sheet.py", options.state + "/world.png"]
    yield from clip_steps(options, scale["drafts"], single)
    yield from autoencoder_steps(options)  # before there are large clips, which it would learn, too
    yield from clip_steps(options, scale["large"], single)
    yield from latent_steps(options, single)
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
