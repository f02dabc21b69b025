#!/usr/bin/env python3
"""Golden data for Open-Sora 2.0: writes tests/data/opensora.

    git clone https://github.com/hpcaitech/Open-Sora
    python scripts/goldens/opensora.py --source Open-Sora

Tiny checkpoints with random weights in the published layout, and what Open-Sora's own Python gives for them on
a CPU in fp32. Needs torch, diffusers, transformers, sentencepiece and einops. What made the data is written in
versions.json.
"""

import argparse
import json
import pathlib
import shutil

import diffusers
import opensora_reference
import torch
import transformers
from diffusers import AutoencoderKLHunyuanVideo
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/opensora"
WIDTHS = (8, 8, 16, 16)
GROUPS = 8
LATENTS = 4


def randomized(model, seed, scale=1.0):
    """Weights that keep the size of what passes through; norms near one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim == 1:
                gain = name.endswith("weight") or name.endswith("scale")
                parameter.copy_(noise * 0.1 + (1.0 if gain else 0.0))
            else:
                parameter.copy_(noise * scale / parameter[0].numel() ** 0.5)
    return model.eval()


def make_vae(reference, **changes):
    config = reference.autoencoder_kl_causal_3d.AutoEncoder3DConfig(
        from_pretrained=None,
        latent_channels=LATENTS,
        layers_per_block=1,
        norm_num_groups=GROUPS,
        block_out_channels=WIDTHS,
        use_spatial_tiling=True,
        **changes,
    )
    return randomized(reference.autoencoder_kl_causal_3d.AutoencoderKLCausal3D(config), 3)


def of_diffusers(vae):
    """The same weights in diffusers' class, without its tiles in time."""
    blocks = len(WIDTHS)
    other = AutoencoderKLHunyuanVideo(
        latent_channels=LATENTS,
        layers_per_block=1,
        norm_num_groups=GROUPS,
        block_out_channels=WIDTHS,
        down_block_types=("HunyuanVideoDownBlock3D",) * blocks,
        up_block_types=("HunyuanVideoUpBlock3D",) * blocks,
    ).eval()
    other.load_state_dict(vae.state_dict())
    other.use_framewise_encoding = other.use_framewise_decoding = False
    return other


def write_vae(reference):
    """Clips of one and of nine frames, as a whole; one with tiles; decoded and encoded."""
    vae = make_vae(reference)
    other = of_diffusers(vae)
    save_file(vae.state_dict(), OUT / "hunyuan_vae.safetensors")
    folder = OUT / "vae_of_diffusers"
    other.save_config(folder)
    generator = torch.Generator().manual_seed(8)
    tensors = {}
    with torch.no_grad():
        for name, shape in (("one", (1, 4, 6)), ("clip", (3, 5, 3)), ("tiled", (2, 4, 35))):
            latents = torch.randn((1, LATENTS, *shape), generator=generator)
            frames = 1 + 4 * (shape[0] - 1)
            video = torch.rand((1, 3, frames, 8 * shape[1], 8 * shape[2]), generator=generator) * 2 - 1
            decoded = vae.decode(latents)
            encoded = vae.encode(video, sample_posterior=False)
            if name != "tiled":
                factor = other.config.scaling_factor
                same = other.decode(latents / factor).sample
                assert torch.allclose(same, decoded, atol=1e-4), (same - decoded).abs().max()
                same = other.encode(video).latent_dist.mode() * factor
                assert torch.allclose(same, encoded, atol=1e-4), (same - encoded).abs().max()
            else:  # half of the bytes
                video = video.half().float()
                encoded = vae.encode(video, sample_posterior=False)
            tensors[name + ".latents"] = latents
            tensors[name + ".decoded"] = (
                decoded.clamp(-1, 1).half() if name == "tiled" else decoded.clamp(-1, 1)
            )
            tensors[name + ".video"] = video.half() if name == "tiled" else video
            tensors[name + ".encoded"] = encoded
    save_file({name: x.contiguous() for name, x in tensors.items()}, OUT / "vae.safetensors")
    return vae


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    options = parser.parse_args()
    reference = opensora_reference.load(options.source)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    write_vae(reference)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, diffusers)}
    versions["Open-Sora"] = "7ad6a96a135feb81f755c84fb391818718f6beb2"
    (OUT / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
