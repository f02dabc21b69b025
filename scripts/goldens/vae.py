"""Golden data of the Wan VAE: tiny random checkpoints and what diffusers makes of them.

    python scripts/goldens/vae.py [tests/data/vae]

Each case is a folder in the diffusers layout (config.json, weights) with golden.safetensors beside it:
`video` [1, 3, T, H, W] and its `encoded` posterior mode, normalised; `latents`, normalised, and the `decoded`
video. All were computed in fp32 from the file's values, with the versions that stand in golden.safetensors'
metadata; rerun with others to see what drifts. Every parameter is drawn anew, gammas and biases too, so that
none of them can be left out unseen.
"""

import diffusers
import torch
from diffusers import AutoencoderKLWan
from golden import output_folder, write_folders
from safetensors.torch import save_file

BF16 = dict(dtype=torch.bfloat16)

# name: (config, latents' (frames, h, w), frames of the video to encode, how the weights are saved)
CASES = {
    # Wan 2.1: time halved in the last two of three steps.
    "plain": (
        dict(
            base_dim=2,
            z_dim=3,
            dim_mult=[1, 2, 3, 3],
            num_res_blocks=2,
            temperal_downsample=[False, True, True],
        ),
        (4, 3, 2),
        13,
        BF16,
    ),
    # Time halved first, one resnet; a decoder of another width; frames that fill no chunk are dropped.
    "plain_early": (
        dict(
            base_dim=2,
            decoder_base_dim=6,
            z_dim=5,
            dim_mult=[2, 1, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            scale_factor_spatial=4,
        ),
        (3, 4, 3),
        11,
        BF16,
    ),
    # Time halved once: chunks of four frames make two latents.
    "plain_once": (
        dict(
            base_dim=3,
            z_dim=2,
            dim_mult=[1, 2],
            num_res_blocks=1,
            temperal_downsample=[True],
            scale_factor_temporal=2,
            scale_factor_spatial=2,
        ),
        (4, 5, 3),
        9,
        {},
    ),
    # Wan 2.2: packed pixels, a wider decoder, shortcuts whose channels are repeated differently.
    "residual": (
        dict(
            base_dim=2,
            decoder_base_dim=4,
            z_dim=6,
            dim_mult=[1, 1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            is_residual=True,
            patch_size=2,
            in_channels=12,
            out_channels=12,
            scale_factor_spatial=16,
        ),
        (4, 1, 2),
        9,
        BF16,
    ),
    # The shape of a small model: time halved in both steps, packed pixels.
    "residual_small": (
        dict(
            base_dim=4,
            z_dim=7,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[True, True],
            is_residual=True,
            patch_size=2,
            in_channels=12,
            out_channels=12,
        ),
        (5, 2, 3),
        9,
        dict(max_shard_size="70KB", **BF16),
    ),
    # No packing, a width that is no multiple of eight, one picture.
    "residual_picture": (
        dict(
            base_dim=5,
            z_dim=4,
            dim_mult=[1, 2, 1],
            num_res_blocks=1,
            temperal_downsample=[True, False],
            is_residual=True,
            scale_factor_temporal=2,
            scale_factor_spatial=4,
        ),
        (1, 3, 5),
        1,
        BF16,
    ),
}


@torch.no_grad()
def randomise(model, generator):
    """Values of the size that trained networks have: gammas around 1, kernels that keep their signals."""
    for name, tensor in sorted(model.state_dict().items()):
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("gamma"):
            tensor.copy_(1 + 0.3 * noise)
        elif tensor.ndim >= 2:
            tensor.copy_(noise / tensor[0].numel() ** 0.5)
        else:
            tensor.copy_(0.2 * noise)


@torch.no_grad()
def make(folder, config, size, frames, save):
    generator = torch.Generator().manual_seed(30)
    z = config["z_dim"]
    statistics = dict(
        latents_mean=torch.randn(z, generator=generator).mul(0.5).tolist(),
        latents_std=torch.rand(z, generator=generator).add(0.5).tolist(),
    )
    model = AutoencoderKLWan(**config, **statistics).eval()
    randomise(model, generator)
    save = dict(save)
    model = model.to(save.pop("dtype", torch.float32))
    model.save_pretrained(folder, **save)
    model = model.float()

    mean, std = (torch.tensor(statistics[k]).view(1, z, 1, 1, 1) for k in ("latents_mean", "latents_std"))
    count, h, w = size
    scale = model.config.scale_factor_spatial
    video = torch.rand(1, 3, frames, h * scale, w * scale, generator=generator) * 2 - 1
    latents = torch.randn(1, z, count, h, w, generator=generator)
    decoded = model.decode(latents * std + mean).sample
    clamped = (decoded.abs() == 1).float().mean().item()
    assert decoded.isfinite().all() and 0.001 < clamped < 0.5, clamped
    tensors = {
        "video": video,
        "encoded": (model.encode(video).latent_dist.mode() - mean) * (1 / std),
        "latents": latents,
        "decoded": decoded,
    }
    versions = dict(diffusers=diffusers.__version__, torch=torch.__version__)
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "golden.safetensors", versions)


if __name__ == "__main__":
    write_folders(output_folder("vae"), CASES, make)
