"""Tiny LTX-Video models with random weights, in their published forms, and ltx.py's cases for them."""

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXVideoTransformer3DModel,
)
from tiny_networks import randomise, statistics
from transformers import T5Config, T5EncoderModel


def text_encoder(vocab, dim, seed):
    config = T5Config(
        vocab_size=vocab,
        d_model=dim,
        d_kv=7,
        d_ff=2 * dim + 3,
        num_layers=3,
        num_heads=3,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
    )
    return randomise(T5EncoderModel(config), seed)


def transformer(seed, z, text_dim, heads, head_dim, layers):
    return randomise(
        LTXVideoTransformer3DModel(
            in_channels=z,
            out_channels=z,
            num_attention_heads=heads,
            attention_head_dim=head_dim,
            cross_attention_dim=heads * head_dim,
            num_layers=layers,
            caption_channels=text_dim,
        ),
        seed,
    )


@torch.no_grad()
def autoencoder(seed, z, **config):
    vae = randomise(AutoencoderKLLTXVideo(latent_channels=z, **config), seed)
    for name, values in statistics(z, seed).items():
        getattr(vae, name).copy_(torch.tensor(values))
    if vae.decoder.timestep_scale_multiplier is not None:
        vae.decoder.timestep_scale_multiplier.fill_(1000.0)
    return vae


FIRST = dict(
    block_out_channels=(6, 10, 14, 14),
    decoder_block_out_channels=(6, 10, 14, 14),
    layers_per_block=(2, 1, 1, 1, 1),
    decoder_layers_per_block=(1, 1, 2, 1, 1),
)
RESIDUAL_DECODER = dict(
    decoder_block_out_channels=(8, 16, 32),
    decoder_layers_per_block=(1, 1, 1, 2),
    decoder_spatio_temporal_scaling=(True, True, True),
    upsample_residual=(True, True, True),
    upsample_factor=(2, 2, 2),
    timestep_conditioning=True,
)
LATER_ENCODER = dict(
    block_out_channels=(4, 8, 16, 16, 32),
    down_block_types=("LTXVideo095DownBlock3D",) * 4,
    layers_per_block=(1, 2, 1, 1, 1),
    spatio_temporal_scaling=(True,) * 4,
    downsample_type=("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
    spatial_compression_ratio=32,
    temporal_compression_ratio=8,
)
SCHEDULER = dict(
    use_dynamic_shifting=True,
    base_shift=0.95,
    max_shift=2.05,
    base_image_seq_len=1024,
    max_image_seq_len=4096,
    shift_terminal=0.1,
)
LONG = "the camera pans left over a mountain lake at sunset " * 30
VARIANTS = {
    "v090": {
        "z": 10,
        "text_dim": 24,
        "parts": lambda: dict(
            vae=autoencoder(1, 10, **FIRST),
            transformer=transformer(2, 10, 24, heads=2, head_dim=14, layers=2),
            scheduler=FlowMatchEulerDiscreteScheduler(**SCHEDULER),
        ),
        "cases": [
            dict(
                prompt="a red ball rolls over the hill",
                negative_prompt="rain",
                width=64,
                height=32,
                frames=17,
                steps=3,
                guidance=3.0,
                seed=7,
                fps=25.0,
            ),
            dict(prompt=LONG, width=64, height=32, frames=9, steps=2, guidance=1.0, seed=1, fps=24.0),
            dict(prompt="", width=32, height=64, frames=1, steps=4, guidance=2.5, seed=0, fps=25.0),
        ],
    },
    "v091": {
        "z": 8,
        "text_dim": 20,
        "parts": lambda: dict(
            vae=autoencoder(
                11, 8, **FIRST | RESIDUAL_DECODER, decoder_inject_noise=(False, True, True, False)
            ),
            transformer=transformer(12, 8, 20, heads=3, head_dim=10, layers=1),
            scheduler=FlowMatchEulerDiscreteScheduler(**SCHEDULER),
        ),
        "cases": [
            dict(
                prompt="neon street, wet asphalt",
                negative_prompt="a lake",
                width=32,
                height=64,
                frames=17,
                steps=3,
                guidance=4.0,
                seed=9,
                fps=25.0,
            )
        ],
    },
    "v095": {
        "z": 9,
        "text_dim": 22,
        "parts": lambda: dict(
            vae=autoencoder(21, 9, **LATER_ENCODER, **RESIDUAL_DECODER, decoder_inject_noise=(False,) * 4),
            transformer=transformer(22, 9, 22, heads=32, head_dim=2, layers=1),  # heads as published
            scheduler=FlowMatchEulerDiscreteScheduler(shift=1.7),
        ),
        "cases": [
            dict(
                prompt="birds fly",
                width=32,
                height=64,
                frames=17,
                steps=4,
                guidance=2.0,
                seed=3,
                fps=30.0,
            ),
            dict(
                prompt="birds fly",
                width=32,
                height=64,
                frames=9,
                steps=3,
                guidance=3.0,
                seed=4,
                fps=25.0,
                image="image.png",
            ),
        ],
    },
    "v097": {
        "z": 7,
        "text_dim": 18,
        "pipeline": LTXConditionPipeline,
        "parts": lambda: dict(
            vae=autoencoder(31, 7, **LATER_ENCODER, **RESIDUAL_DECODER, decoder_inject_noise=(False,) * 4),
            transformer=transformer(32, 7, 18, heads=2, head_dim=16, layers=1),
            scheduler=FlowMatchEulerDiscreteScheduler(),
        ),
        "cases": [
            dict(
                prompt="waves and rain",
                negative_prompt="a forest",
                width=64,
                height=32,
                frames=17,
                steps=5,
                guidance=3.0,
                seed=12,
                fps=25.0,
            ),
            dict(
                prompt="waves and rain",
                width=32,
                height=64,
                frames=9,
                steps=4,
                guidance=1.0,
                seed=13,
                fps=24.0,
                image="image.png",
            ),
        ],
    },
}
