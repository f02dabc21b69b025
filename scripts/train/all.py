"""Everything from nothing to a model in one command, step by step.  Run again, it goes on where it stopped.

    python all.py STATE DATA MODEL --scale cpu      # some twenty hours on two cores, in as many sittings as you like
    python all.py STATE DATA MODEL --scale gpu      # made for half an hour on one data-centre GPU with 16 cores
    python all.py STATE DATA MODEL --scale try      # minutes; shows that every step works, and makes a poor model

Each step is one of the scripts here with its arguments, printed before it runs.  SIGTERM and Ctrl-C stop after the running step has saved
its state.  --from MODEL begins with the weights of a shipped model instead of with none.  --parts DIR copies the state in
pieces of at most 16 MB, with their SHA-256 sums, for machines that hand back small files only: `cat` puts them together again.
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
    "try": dict(clips={"64x64": 40, "48x80": 20, "80x48": 20}, large={}, held=8, captions=2000, vae=200, decoder=40, small=600, full=0, distil=96, reader=320,
                transformer=["--batch", "8", "--layers", "2", "--ffn", "256"], vae_options=["--batch", "2", "--large-from", "2"], decoder_batch=2, batch="8"),
    "cpu": dict(clips={"64x64": 5000, "48x80": 1500, "80x48": 1500}, large={"128x128": 1200, "96x176": 500, "176x96": 500}, held=48, captions=120000, vae=24000, decoder=12000,
                small=500000, full=600000, distil=40000, reader=30000,
                transformer=["--batch", "12", "--layers", "4", "--ffn", "768", "--optimiser", "adam"], vae_options=[], decoder_batch=2, batch="12"),
    "gpu": dict(clips={"64x64": 6000, "48x80": 1500, "80x48": 1500}, large={"128x128": 3000, "96x176": 800, "176x96": 800}, held=48, captions=120000, vae=60000, decoder=40000,
                small=2000000, full=2600000, distil=200000, reader=60000,
                transformer=["--batch", "256", "--layers", "6", "--ffn", "1024"], vae_options=["--batch", "32"], decoder_batch=16, batch="128"),
}


def steps(o):
    """[(what it makes, words of the command)]"""
    s, state, data = SCALES[o.scale], o.state, o.data
    every = {**s["clips"], **s["large"]}
    small, large = ",".join(s["clips"]), ",".join(s["large"])
    yield "a look at the world", ["sheet.py", state + "/world.png"]
    for size, n in every.items(): yield "clips of " + size, ["render.py", data, size, n]
    for size, n in every.items(): yield "parts of longer ways of " + size, ["render.py", data, size, max(1, n // 3), "--seed", 2, "--parts"]
    for size in every:
        if size not in ("48x80", "80x48"): yield "held-out clips of " + size, ["render.py", data, size, s["held"], "--seed", 900, "--unseen"]
    if o.start:
        if not os.path.exists(state + "/vae.pt"): yield "the state of a shipped model", ["resume.py", o.start, state]
    else:
        if not os.path.exists(state + "/spiece.model"): yield "the tokenizer", ["tokenizer.py", state]
        if not os.path.exists(state + "/transformer.pt"): yield "a head start for the text encoder", ["train_text.py", state, "--captions", s["captions"]]
        yield "the autoencoder", ["train_vae.py", state, data, "--samples", s["vae"], *s["vae_options"]]
    for size in every: yield "latents of " + size, ["encode.py", state, data, size + "-seen"]
    if not o.start and not os.path.exists(state + "/transformer.pt"): yield "the latents' scale", ["encode.py", state, data, "--stats"]
    yield "the denoiser, small clips", ["train_transformer.py", state, data, "--sizes", small, "--samples", s["small"], "--decay", 0 if large else .4, *s["transformer"]]
    if large: yield "the denoiser, full size", ["train_transformer.py", state, data, "--sizes", large + ",64x64*.05,48x80*.2,80x48*.2", "--samples", s["full"], *s["transformer"], "--batch", max(2, int(s["transformer"][1]) // 4)]
    yield "guidance folded in", ["distil.py", state, data, "--sizes", large or small, "--samples", s["distil"], "--guidance", 2.5, "--batch", s["batch"] if not large else max(2, int(s["batch"]) // 4)]
    yield "the decoder, on what the denoiser makes", ["train_decoder.py", state, data, "--samples", s["decoder"], "--batch", s["decoder_batch"], "--denoiser", "distilled.pt"]
    yield "the reader of attributes", ["evaluate.py", state, data, "reader", "--samples", s["reader"]]
    yield "the model", ["export.py", state, o.model, "--transformer", "distilled.pt", "--guidance", 1, "--steps", 8, "--native", "128x128" if large else "64x64"]
    yield "curves", ["plot.py", state]


def parts(state, folder):
    os.makedirs(folder, exist_ok=True); sums = []
    for file in sorted(glob.glob(state + "/*.pt") + glob.glob(state + "/*.model") + glob.glob(state + "/log.jsonl")):
        with open(file, "rb") as f:
            for k, piece in enumerate(iter(lambda: f.read(PART), b"")):
                name = "%s.%03d" % (os.path.basename(file), k); sums.append(hashlib.sha256(piece).hexdigest() + "  " + name)
                with open(folder + "/" + name, "wb") as out: out.write(piece)
    with open(folder + "/SHA256SUMS", "w") as f: f.write("\n".join(sums) + "\n")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("state"); ap.add_argument("data"); ap.add_argument("model"); ap.add_argument("--scale", choices=list(SCALES), default="cpu")
    ap.add_argument("--from", dest="start", default=""); ap.add_argument("--parts", default=""); ap.add_argument("--dry-run", action="store_true")
    o = ap.parse_args()
    os.makedirs(o.state, exist_ok=True)
    for what, words in steps(o):
        words = [str(w) for w in words]
        print("==== %s: python %s" % (what, " ".join(words)), flush=True)
        if o.dry_run: continue
        start = time.time()
        step = subprocess.Popen([sys.executable, os.path.join(HERE, words[0])] + words[1:], cwd=os.getcwd())
        try: code = step.wait()
        except KeyboardInterrupt: code = step.wait() or 130           # the step has the signal too, and saves
        print("==== %.0f s" % (time.time() - start), flush=True)
        if code:
            if o.parts: parts(o.state, o.parts)
            raise SystemExit(code if code > 0 else 128 - code)
    if o.parts and not o.dry_run: parts(o.state, o.parts)
