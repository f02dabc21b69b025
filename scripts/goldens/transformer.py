"""Golden data of the Wan transformer: tiny random checkpoints and what diffusers makes of them.

    python scripts/goldens/transformer.py [tests/data/transformer]

Each case is a folder in the diffusers layout (config.json, weights) with golden.safetensors beside it:
latents, timestep, prompt_embeds, image_embeds (image models) and sample, all fp32. Made with the versions
that stand in golden.safetensors' metadata; rerun with others to see what drifts. Every parameter is drawn
anew, tables, norms and biases too, so that none of them can be left out unseen.
"""

import diffusers
import torch
from diffusers import WanTransformer3DModel
from golden import output_folder, plain, write_folders
from safetensors.torch import load_file, save_file

# Small in every direction, and no two widths alike where the architecture allows it.
BASE = dict(in_channels=3, out_channels=5, text_dim=10, freq_dim=14, ffn_dim=22, num_layers=2, eps=1e-6)

# name: (config, latents' [B, T, H, W], prompt's length of how many rows, timestep, how it is saved)
CASES = {
    # Token grid 3x3x5; head_dim 20 splits 8, 6, 6.
    "plain": (dict(num_attention_heads=2, attention_head_dim=20), (1, 3, 6, 10), (7, 512), [611], {}),
    # Two videos, each with its timestep and its prompt's length; no norm before cross-attention; an eps
    # that shows; one head.
    "batch": (
        dict(num_attention_heads=1, attention_head_dim=32, cross_attn_norm=False, eps=1e-3),
        (2, 2, 4, 6),
        (9, 24),
        [999, 37],
        dict(max_shard_size="60KB"),
    ),
    # Patches that differ along every axis; three heads; no head channels for rows and columns to share
    # evenly (10 splits 6, 2, 2); bf16 file.
    "patches": (
        dict(num_attention_heads=3, attention_head_dim=10, patch_size=(2, 1, 3), num_layers=1),
        (1, 4, 3, 9),
        (4, 20),
        [250],
        dict(dtype=torch.bfloat16),
    ),
    # A timestep for each latent frame, as the default model and TI2V-5B with held frames.
    "per_frame": (
        dict(num_attention_heads=2, attention_head_dim=14, out_channels=3),
        (2, 4, 4, 6),
        (5, 40),
        "per_frame",
        {},
    ),
    # A timestep for each token, few distinct values but not by frame.
    "per_token": (dict(num_attention_heads=4, attention_head_dim=6), (1, 2, 6, 4), (30, 30), "per_token", {}),
    # Image to video as Wan 2.1: keys and values of their own for the image. diffusers splits the text off as
    # the last 512 rows.
    "image": (
        dict(num_attention_heads=2, attention_head_dim=12, in_channels=8, image_dim=18, added_kv_proj_dim=24),
        (1, 2, 4, 4),
        (11, 512),
        [800],
        dict(image=(1, 5), left_over=True),
    ),
    # First and last frame: two images with position embeddings.
    "two_images": (
        dict(
            num_attention_heads=2,
            attention_head_dim=12,
            image_dim=16,
            added_kv_proj_dim=24,
            pos_embed_seq_len=10,
            num_layers=1,
        ),
        (1, 2, 4, 4),
        (11, 512),
        [800],
        dict(image=(2, 5)),
    ),
}


def randomise(model, generator):
    """Values of the size that trained networks have: norms around 1, the rest so that signals keep theirs."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1 and "norm" in name and name.endswith("weight"):
            value = 1 + 0.3 * noise
        elif parameter.ndim == 1:
            value = 0.3 * noise
        elif "scale_shift_table" in name or "pos_embed" in name:
            value = 0.5 * noise
        else:
            value = noise / parameter[0].numel() ** 0.5
        parameter.data.copy_(value)


def timesteps(kind, batch, grid, generator):
    frames, rows, columns = grid
    if kind == "per_frame":
        values = torch.randint(0, 1000, (batch, frames), generator=generator)
        values[:, 0] = 0  # a held frame
        return values.repeat_interleave(rows * columns, dim=1)
    if kind == "per_token":
        return torch.tensor([0, 123, 877])[
            torch.randint(0, 3, (batch, frames * rows * columns), generator=generator)
        ]
    return torch.tensor(kind)


def make(folder, overrides, size, prompt, timestep, save):
    generator = torch.Generator().manual_seed(20)
    config = {**BASE, **overrides}
    model = WanTransformer3DModel(**config).eval()
    randomise(model, generator)
    save = dict(save)
    image = save.pop("image", None)
    dtype = save.pop("dtype", torch.float32)
    model = model.to(dtype)
    left_over = save.pop("left_over", False)
    model.save_pretrained(folder, **save)
    if left_over:  # as old conversions have it; to be ignored
        weights = folder / "diffusion_pytorch_model.safetensors"
        extra = {"blocks.0.attn2.norm_added_q.weight": torch.ones(model.config.added_kv_proj_dim)}
        save_file({**load_file(weights), **extra}, weights)
    # The file's values, computed in fp32; read again, since to() has rounded the rope tables too.
    model = WanTransformer3DModel.from_pretrained(folder, torch_dtype=torch.float32).eval()

    batch, frames, height, width = size
    pt, ph, pw = model.config.patch_size
    length, rows = prompt
    tensors = {
        "latents": torch.randn(batch, config["in_channels"], frames, height, width, generator=generator),
        "timestep": timesteps(timestep, batch, (frames // pt, height // ph, width // pw), generator),
        "prompt_embeds": torch.randn(batch, rows, config["text_dim"], generator=generator),
    }
    for i in range(batch):
        tensors["prompt_embeds"][i, length - 2 * i :] = 0
    if image:
        tensors["image_embeds"] = torch.randn(*image, config["image_dim"], generator=generator)
    with torch.no_grad():
        tensors["sample"] = model(
            tensors["latents"],
            tensors["timestep"],
            tensors["prompt_embeds"],
            tensors.get("image_embeds"),
            return_dict=False,
        )[0]
    assert tensors["sample"].isfinite().all()
    # Zero rows are cheap to make again: only those of the prompt are kept, with their number.
    tensors["prompt_rows"] = torch.tensor([rows])
    tensors["prompt_embeds"] = tensors["prompt_embeds"][:, :length]
    versions = dict(diffusers=diffusers.__version__, torch=torch.__version__)
    save_file(plain(tensors), folder / "golden.safetensors", versions)


if __name__ == "__main__":
    write_folders(output_folder("transformer"), CASES, make)
