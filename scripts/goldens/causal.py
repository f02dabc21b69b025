"""Writes tests/data/causal: what causal generation, block by block with a cache of keys and values, gives.

Run from anywhere: python scripts/goldens/causal.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, and tests/data/pipeline/wan21 (pipeline.py).

The network is the tiny one of tests/data/pipeline/wan21. diffusers has no causal form of it, so there are two
references, both here. `masked.safetensors` has what diffusers' own network predicts for a whole video with a
mask that hides later blocks, and frames outside of the window. `cases.json` lists videos, each with its final
latents, made by an arithmetic of our own over diffusers' weights that follows Self-Forcing
(pipeline/causal_inference.py, wan/modules/causal_model.py of github.com/guandeh17/Self-Forcing): the clean
latents x - sigma v, fresh noise for the next level, one more pass at the context's timestep, keys cached
after their rotation, a rolling window with a sink. Positions by place in the window, and the pass over the
last frames when the prompt changes, follow LongLive (github.com/NVlabs/LongLive); that pass is made block by
block here.
"""

import shutil

import torch
import torch.nn.functional as F
from diffusers import WanPipeline
from golden import DATA, VERSIONS, output_folder, plain, save_case, save_cases, saved_tokenizer, size_of
from PIL import Image
from safetensors.torch import save_file

OUT = output_folder("causal")
MODEL = DATA / "pipeline/wan21"
LEVELS = [1.0, 0.9375, 5 / 6, 0.625]  # 1, 3/4, 1/2, 1/4, shifted by 5

# `causal` is the key of sora-gen.json. `prompts`: [number of the block from which it applies, text].
CASES = [
    dict(causal=dict(block=3, window=21, sink=0), blocks=4, width=48, height=32, seed=7, video=True),
    dict(causal=dict(block=3, window=7, sink=1), blocks=6, width=80, height=48, seed=11),
    dict(
        causal=dict(block=3, window=8, sink=2, positions="window"),
        blocks=5,
        width=48,
        height=64,
        seed=12,
    ),
    dict(
        causal=dict(block=3, window=7, sink=1),
        blocks=6,
        width=48,
        height=32,
        seed=13,
        prompts=[[0, "a red ball rolls over the hill"], [3, "waves and rain"]],
    ),
    dict(
        causal=dict(block=3, window=9, sink=3, positions="window"),
        blocks=6,
        width=48,
        height=32,
        seed=14,
        prompts=[[0, "neon street"], [2, "cars drive by"], [4, "birds fly"]],
    ),
    dict(
        causal=dict(block=2, window=5, sink=0, context_timestep=30),
        timesteps=[1000, 757, 522],
        blocks=5,
        width=32,
        height=48,
        seed=15,
    ),
    dict(
        causal=dict(block=3, window=21, sink=0),
        blocks=2,
        width=48,
        height=32,
        seed=16,
        image="../image/i2v/image0.png",
        video=True,
    ),
]


def angles(config, frames, rows, columns):
    """exp(i angle) [tokens, 1, head_dim / 2] at these positions in time."""
    space = 2 * (config.attention_head_dim // 6)
    widths = config.attention_head_dim - 2 * space, space, space
    axes = []
    for axis, (positions, width) in enumerate(zip((frames, range(rows), range(columns)), widths)):
        frequency = 10000.0 ** -(torch.arange(0, width, 2, dtype=torch.float64) / width)
        angle = torch.outer(torch.tensor(list(positions), dtype=torch.float64), frequency)
        shape = [1, 1, 1, width // 2]
        shape[axis] = len(list(positions))
        axes.append(angle.view(shape).expand(len(list(frames)), rows, columns, width // 2))
    angle = torch.cat(axes, -1).flatten(0, 2).unsqueeze(1)
    return torch.polar(torch.ones_like(angle), angle)


def rotate(x, table):
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * table).flatten(-2).to(x.dtype)


class CausalNetwork:
    """The network of a WanTransformer3DModel over the next frames of one video, which it remembers."""

    def __init__(self, model, window, sink, by_window):
        self.model, self.config = model, model.config
        self.window, self.sink, self.by_window = window, sink, by_window
        # Of each layer: [frame, key, value], oldest first. Those of the sink stay.
        self.cache = [[] for _ in model.blocks]
        self.next = 0
        self.kept = 0  # frames of the sink that are not written again

    def restart(self, first):
        self.kept = min(self.next, self.sink)
        self.cache = [[entry for entry in layer if entry[0] < self.kept] for layer in self.cache]
        self.next = first

    def attention(self, layer, q, k, v, rows, columns):
        """q, k, v [1, L, heads, d], before the rotation."""
        tokens, frames = rows * columns, q.shape[1] // (rows * columns)
        new = range(self.next, self.next + frames)
        if not self.by_window:
            table = angles(self.config, new, rows, columns)
            q, k = rotate(q, table), rotate(k, table)
        entries = [entry for entry in self.cache[layer] if entry[0] < max(self.next, self.kept)]
        for i, frame in enumerate(new):
            if frame >= self.kept:
                part = slice(i * tokens, (i + 1) * tokens)
                entries.append([frame, k[:, part], v[:, part]])
        while len(entries) > self.window:
            entries.pop(self.sink)
        self.cache[layer] = entries
        keys, values = (torch.cat([entry[i] for entry in entries], 1) for i in (1, 2))
        if self.by_window:
            table = angles(self.config, range(len(entries)), rows, columns)
            keys, q = rotate(keys, table), rotate(q, table[-frames * tokens :])
        q, keys, values = (x.transpose(1, 2) for x in (q, keys, values))
        return F.scaled_dot_product_attention(q, keys, values).transpose(1, 2).flatten(2)

    @torch.no_grad()
    def __call__(self, latents, timestep, prompt_embeds):
        model, heads = self.model, self.config.num_attention_heads
        batch, _, frames, height, width = latents.shape
        _, ph, pw = self.config.patch_size
        rows, columns = height // ph, width // pw
        x = model.patch_embedding(latents).flatten(2).transpose(1, 2)
        temb, modulation, text, _ = model.condition_embedder(
            torch.tensor([timestep], dtype=torch.float32), prompt_embeds
        )
        modulation = modulation.unflatten(1, (6, -1))
        for layer, block in enumerate(model.blocks):
            shift, scale, gate, shift_2, scale_2, gate_2 = (block.scale_shift_table + modulation).chunk(6, 1)
            y = block.norm1(x) * (1 + scale) + shift
            attn = block.attn1
            q, k = attn.norm_q(attn.to_q(y)), attn.norm_k(attn.to_k(y))
            q, k, v = (z.unflatten(2, (heads, -1)) for z in (q, k, attn.to_v(y)))
            x = x + attn.to_out[0](self.attention(layer, q, k, v, rows, columns)) * gate
            x = x + block.attn2(block.norm2(x), text, None, None)
            x = x + block.ffn(block.norm3(x) * (1 + scale_2) + shift_2) * gate_2
        shift, scale = (model.scale_shift_table + temb.unsqueeze(1)).chunk(2, 1)
        x = model.proj_out(model.norm_out(x) * (1 + scale) + shift)
        x = x.view(batch, frames, rows, columns, 1, ph, pw, -1)
        return x.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def commit(self, latents, timestep, prompt_embeds):
        self(latents, timestep, prompt_embeds)
        self.next += latents.shape[2]


class Film:
    """A video made block by block."""

    def __init__(self, model, causal, levels):
        by_window = causal.get("positions", "video") == "window"
        self.network = CausalNetwork(model, causal["window"], causal["sink"], by_window)
        self.context = float(causal.get("context_timestep", 0))
        self.window, self.levels = causal["window"], levels
        self.groups = []  # [first, latents]
        self.embeds = None

    def use(self, embeds):
        """The prompt from here on: the last frames pass through the network again."""
        if self.embeds is not None and embeds is not self.embeds and self.groups:
            end = self.network.next
            again = [(first, group) for first, group in self.groups if first >= end - self.window]
            self.network.restart(again[0][0])
            for _, group in again:
                self.network.commit(group, self.context, embeds)
            assert self.network.next == end
        self.embeds = embeds

    def add(self, latents):
        self.groups.append((self.network.next, latents))
        self.network.commit(latents, self.context, self.embeds)

    def make(self, shape, generator):
        x = torch.randn(shape, generator=generator)
        for i, level in enumerate(self.levels):
            flow = self.network(x, 1000 * level, self.embeds)
            x = (x.double() - level * flow.double()).float()
            if i + 1 < len(self.levels):
                following = self.levels[i + 1]
                x = (1 - following) * x + following * torch.randn(shape, generator=generator)
        self.add(x)
        return x


def encode_image(pipe, path, width, height):
    image = pipe.video_processor.preprocess(Image.open(path).convert("RGB"), height=height, width=width)
    vae = pipe.vae
    mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
    deviation = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)
    return (vae.encode(image.unsqueeze(2)).latent_dist.mode() - mean) / deviation


def decode(pipe, latents):
    vae = pipe.vae
    mean = torch.tensor(vae.config.latents_mean).view(1, -1, 1, 1, 1)
    deviation = torch.tensor(vae.config.latents_std).view(1, -1, 1, 1, 1)
    video = vae.decode(latents * deviation + mean).sample
    return (video[0].permute(1, 2, 3, 0) / 2 + 0.5).clamp(0, 1)


def embeds_of(pipe, prompt):
    return pipe.encode_prompt(prompt, None, False, max_sequence_length=512, device="cpu")[0]


@torch.no_grad()
def film(pipe, case):
    causal = case["causal"]
    levels = [t / 1000 for t in case["timesteps"]] if "timesteps" in case else LEVELS
    made = Film(pipe.transformer, causal, levels)
    generator = torch.Generator().manual_seed(case["seed"])
    space = pipe.vae.config.scale_factor_spatial
    shape = (1, 4, causal["block"], case["height"] // space, case["width"] // space)
    prompts = [(block, embeds_of(pipe, text)) for block, text in case["prompts"]]
    latents = []
    for block in range(case["blocks"]):
        made.use([embeds for first, embeds in prompts if first <= block][-1])
        if block == 0 and "image" in case:
            latents.append(encode_image(pipe, OUT / case["image"], case["width"], case["height"]))
            made.add(latents[0])
        latents.append(made.make(shape, generator))
    tensors = plain({"latents": torch.cat(latents, 2)})
    if case.get("video"):  # as bytes, which are four times smaller
        tensors["video"] = decode(pipe, tensors["latents"]).mul(255).round().byte().contiguous()
    return tensors


class MaskedAttention:
    """diffusers' attention processor for self-attention, with a mask."""

    def __init__(self, inner, mask):
        self.inner, self.mask = inner, mask

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, rotary_emb=None):
        return self.inner(attn, hidden_states, encoder_hidden_states, self.mask, rotary_emb)


def block_causal_mask(frames, block, window, sink, tokens):
    """[L, L]: what the tokens of a row may see."""
    frame = torch.arange(frames)
    end = (frame // block + 1) * block  # of the row's block
    seen = (frame[None] < end[:, None]) & (
        (frame[None] >= (end - (window - sink))[:, None]) | (frame[None] < sink)
    )
    return seen.repeat_interleave(tokens, 0).repeat_interleave(tokens, 1)


@torch.no_grad()
def masked(model):
    """For each block but the first: those before it clean, itself noisy."""
    block, frames, height, width = 3, 12, 4, 6
    tokens = height * width // 4
    generator = torch.Generator().manual_seed(21)
    latents = torch.randn(1, 4, frames, height, width, generator=generator)
    embeds = torch.zeros(1, 512, 24)
    embeds[:, :9] = torch.randn(1, 9, 24, generator=generator)
    tensors = {"latents": latents, "prompt_embeds": embeds[:, :9]}
    plain_processors = [b.attn1.processor for b in model.blocks]
    for window, sink in ((21, 0), (7, 1), (6, 2)):
        samples, own = [], CausalNetwork(model, window, sink, False)
        for first in range(0, frames, block):
            end = first + block
            mask = block_causal_mask(end, block, window, sink, tokens)
            for b, processor in zip(model.blocks, plain_processors):
                b.attn1.processor = MaskedAttention(processor, mask)
            times = torch.tensor([0.0] * first + [625.0] * block).repeat_interleave(tokens)[None]
            sample = model(latents[:, :, :end], times, embeds, return_dict=False)[0][:, :, first:]
            samples.append(sample)
            found = own(latents[:, :, first:end], 625.0, embeds)
            error = (found - sample).norm() / sample.norm()
            assert error < 2e-6, (window, sink, first, error)
            own.commit(latents[:, :, first:end], 0.0, embeds)
        tensors[f"sample.{window}.{sink}"] = torch.cat(samples, 2)
    for b, processor in zip(model.blocks, plain_processors):
        b.attn1.processor = processor
    save_file(plain(tensors), OUT / "masked.safetensors", VERSIONS)


def main():
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    pipe = WanPipeline.from_pretrained(MODEL, tokenizer=saved_tokenizer(MODEL), torch_dtype=torch.float32)
    masked(pipe.transformer)
    cases = []
    for number, case in enumerate(CASES):
        case = {"prompts": [[0, "a red ball rolls over the hill"]], **case}
        cases.append(save_case(OUT, number, case, film(pipe, case)))
    save_cases(OUT, cases)
    print(size_of(OUT))


if __name__ == "__main__":
    main()
