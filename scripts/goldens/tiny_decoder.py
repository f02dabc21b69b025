#!/usr/bin/env python3
"""Golden data for tiny decoders (TAEHV): writes tests/data/tiny.

    git clone https://github.com/madebyollin/taehv
    python scripts/goldens/tiny_decoder.py --source taehv/taehv.py

Decoders with few channels and random weights, as each published kind is built, and what taehv.py itself gives
for them on a CPU in fp32. The published widths stand in the source; they are replaced there before it runs.
Needs torch, safetensors and tqdm. What made it is written in versions.json.
"""

import argparse
import hashlib
import json
import pathlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/tiny"
WIDTHS = {
    "n_f = [256, 128, 64, 64]": "n_f = [12, 10, 8, 6]",
    "n_f = [512, 256, 128, 64]": "n_f = [10, 8, 6, 4]",
}

# name: latents (channels, frames, height, width), patch, frames grow in these stages, is_super, stages for
# which the file has weights
KINDS = {
    "taew2_1": ((4, 4, 5, 7), 1, (False, True, True), False, (True, True, True)),
    "taew2_2": ((6, 3, 3, 4), 2, (False, True, True), False, (False, True, True)),
    "taew2_2_super": ((6, 3, 3, 4), 2, (False, True, True), True, (False, True, True)),
    "taeltx_2": ((8, 2, 1, 3), 4, (True, True, True), False, (True, True, True)),
}


def reference(source):
    text = source.read_text(encoding="utf-8")
    for widths, few in WIDTHS.items():
        if widths not in text:
            raise SystemExit(f"{source}: the widths {widths} are not there; it has changed")
        text = text.replace(widths, few)
    module = {"__name__": "taehv"}
    exec(compile(text, str(source), "exec"), module)
    return module["TAEHV"]


@torch.no_grad()
def randomise(network, seed, gain):
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(network.state_dict().items()):
        noise = torch.randn(tensor.shape, generator=generator)
        scale = 0.1 if tensor.ndim == 1 else gain * tensor[0].numel() ** -0.5
        grey = 0.5 if name == "decoder.22.bias" else 0
        tensor.copy_((noise * scale + grey).half())  # as published
    return network.eval()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    source = parser.parse_args().source
    taehv = reference(source)
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for seed, (name, (shape, patch, grows, is_super, stored)) in enumerate(KINDS.items()):
        channels, times, height, width = shape
        built = {
            "patch_size": patch,
            "latent_channels": channels,
            "arch_variant": "super" if is_super else None,
        }
        gain = 0.7 if is_super else 1.2  # the super ones have nothing that bounds what passes through
        whole = randomise(taehv(None, decoder_time_upscale=stored, **built), seed, gain)
        weights = {k: v.half() for k, v in whole.state_dict().items() if k.startswith("decoder.")}
        save_file(weights, OUT / f"{name}.safetensors")

        network = taehv(None, decoder_time_upscale=grows, **built).eval()
        network.load_state_dict(network.patch_tgrow_layers(whole.state_dict()))
        latents = 2 * torch.randn(
            1, times, channels, height, width, generator=torch.Generator().manual_seed(100 + seed)
        )
        frames = network.decode_video(latents, parallel=True, show_progress_bar=False)
        save_file(
            {
                "latents": latents.transpose(1, 2).contiguous(),
                "frames": (2 * frames - 1).transpose(1, 2).contiguous(),
            },
            OUT / f"{name}.golden.safetensors",
        )
        print(name, tuple(frames.shape), f"{float(frames.std()):.3f}")
    versions = {
        "torch": torch.__version__,
        "taehv.py sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
    }
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
