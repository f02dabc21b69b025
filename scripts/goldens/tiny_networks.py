"""Tiny Wan networks with random weights, and their tokenizer: what pipeline.py, image_pipeline.py and
skyreels.py write models of. A module, not a script.
"""

import pathlib
import shutil
import tempfile

import sentencepiece
import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
from transformers import T5Tokenizer, UMT5Config, UMT5EncoderModel

CORPUS = """a red ball rolls over the hill. the lighthouse in a storm, waves and rain. 一只 红色 的 球 在 海边
ein schöner grüner Wald im Winter. un château près de la mer. снег над городом ночью. 静かな 湖 の 朝
the camera pans left over a mountain lake at sunset, birds fly. neon street, wet asphalt, cars drive by.
""".splitlines()


def tokenizer(folder):
    with tempfile.TemporaryDirectory() as temporary:
        text = pathlib.Path(temporary, "corpus.txt")
        text.write_text("\n".join(CORPUS * 20), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text),
            model_prefix=str(pathlib.Path(temporary, "spiece")),
            vocab_size=180,
            model_type="unigram",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            character_coverage=1.0,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        folder.mkdir(parents=True)
        shutil.copy(pathlib.Path(temporary, "spiece.model"), folder / "spiece.model")
    made = T5Tokenizer.from_pretrained(str(folder), extra_ids=0)
    made.save_pretrained(str(folder))
    if not (folder / "spiece.model").exists():
        raise SystemExit("the tokenizer's spiece.model was not kept")
    return made


@torch.no_grad()
def randomise(module, seed):
    """Random weights in every tensor, so that a wrong norm, bias or table shows."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in sorted(module.state_dict().items()):
        noise = torch.randn(tensor.shape, generator=generator)
        if "norm" in name and name.endswith("weight") or name.endswith("gamma"):
            tensor.copy_(1 + 0.2 * noise)
        elif tensor.ndim >= 2 and not name.endswith("scale_shift_table"):
            fan_in = tensor[0].numel()
            tensor.copy_(noise * fan_in**-0.5)
        else:
            tensor.copy_(0.1 * noise)
    return module.eval()


def text_encoder(vocab, dim, seed):
    config = UMT5Config(
        vocab_size=vocab,
        d_model=dim,
        d_kv=8,
        d_ff=2 * dim,
        num_layers=2,
        num_heads=3,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
    )
    return randomise(UMT5EncoderModel(config), seed)


def transformer(seed, z, text_dim, heads=2, head_dim=20, layers=2, **more):
    return randomise(
        WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=heads,
            attention_head_dim=head_dim,
            in_channels=z,
            out_channels=z,
            text_dim=text_dim,
            freq_dim=24,
            ffn_dim=40,
            num_layers=layers,
            **more,
        ),
        seed,
    )


def statistics(z, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        "latents_mean": torch.randn(z, generator=generator).mul(0.3).tolist(),
        "latents_std": torch.rand(z, generator=generator).add(0.6).tolist(),
    }


def vae21(seed, z=4):
    return randomise(
        AutoencoderKLWan(
            base_dim=4,
            z_dim=z,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            **statistics(z, seed),
        ),
        seed,
    )


def vae22(seed, z=6):
    return randomise(
        AutoencoderKLWan(
            base_dim=4,
            decoder_base_dim=8,
            z_dim=z,
            dim_mult=[1, 2, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            is_residual=True,
            patch_size=2,
            in_channels=12,
            out_channels=12,
            scale_factor_spatial=16,
            scale_factor_temporal=4,
            **statistics(z, seed),
        ),
        seed,
    )


def unipc(shift):
    return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift)
