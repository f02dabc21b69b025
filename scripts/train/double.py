"""Makes an autoencoder of twice the picture out of a trained one, with the same latents.

    python double.py STATE WIDER    # STATE/vae.pt -> WIDER/vae.pt, with what else describes the latents

The squares of pixels that are packed into channels get twice the side, so that a latent cell stands for a
picture twice as large. The encoder averages 2x2 pixels and goes on as before: exactly, since both steps are
linear. The decoder repeats each pixel four times; train_decoder.py teaches it what stands between them, from
clips rendered at both sizes. The denoiser, which sees latents only, is the same; a native picture costs what
it cost before.
"""

import argparse
import os
import shutil

import common
import torch


def doubled_in(kernel, patch):
    """[O, 3 p p, t, h, w] for squares of p pixels -> the same for squares of 2 p, which it averages."""
    outputs, _, *rest = kernel.shape
    squares = kernel.reshape(outputs, 3, patch, patch, *rest)
    squares = squares.repeat_interleave(2, 2).repeat_interleave(2, 3) / 4
    return squares.reshape(outputs, 12 * patch * patch, *rest)


def doubled_out(values, patch):
    """[3 p p, ...] of the last layer -> the same for squares of 2 p, which repeat its pixels."""
    squares = values.reshape(3, patch, patch, *values.shape[1:])
    squares = squares.repeat_interleave(2, 1).repeat_interleave(2, 2)
    return squares.reshape(12 * patch * patch, *values.shape[1:])


def double(start):
    """The state of an autoencoder, as it is in vae.pt."""
    patch = start["config"]["patch"]
    names = list(start["model"])

    def weights(named):
        out = dict(named)
        out["encoder.conv_in.weight"] = doubled_in(named["encoder.conv_in.weight"], patch)
        for name in ("decoder.conv_out.weight", "decoder.conv_out.bias"):
            out[name] = doubled_out(named[name], patch)
        return out

    averages = weights(dict(zip(names, start["ema"])))
    return dict(
        config={**start["config"], "patch": 2 * patch},
        model=weights(start["model"]),
        ema=[averages[name] for name in names],
        samples=start["samples"],
        step=0,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("wider")
    options = parser.parse_args()
    file = options.wider + "/vae.pt"
    if os.path.exists(file):
        raise SystemExit(f"{file} is there already; train_decoder.py goes on from it, or remove it")
    os.makedirs(options.wider, exist_ok=True)
    common.save(file, **double(torch.load(options.state + "/vae.pt", weights_only=False, map_location="cpu")))
    for name in ("latents.pt", "spiece.model"):
        if os.path.exists(f"{options.state}/{name}"):
            shutil.copy(f"{options.state}/{name}", f"{options.wider}/{name}")


if __name__ == "__main__":
    main()
