"""Open-Sora's own Python, from a checkout of hpcaitech/Open-Sora, run on a CPU.

What its modules import for GPUs and for training (flash attention, Liger's kernels, ColossalAI, mmengine,
peft) is replaced here: attention by PyTorch's, the two kernels of Liger by the sums that they compute.
"""

import importlib
import sys
import types

import torch


def rms_norm(x, weight, eps, *_):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rotate_halves(q, k, cos, sin):
    """q and k [B, heads, L, D]; the pairs are the channels i and i + D / 2."""

    def rotated(x):
        half = x.shape[-1] // 2
        a, b = x[..., :half], x[..., half:]
        c, s = cos[..., :half].unsqueeze(1), sin[..., :half].unsqueeze(1)
        return torch.cat([a * c - b * s, b * c + a * s], -1)

    return rotated(q), rotated(k)


def attend(q, k, v):
    """[B, L, heads, D] each."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2)


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    made.__path__ = []
    sys.modules[name] = made
    return made


def load(source):
    """Makes the modules of the checkout in folder `source` importable."""
    for name in (
        "",
        ".models",
        ".models.mmdit",
        ".models.text",
        ".models.hunyuan_vae",
        ".models.vae",
        ".utils",
    ):
        package = module("opensora" + name)
        package.__path__ = [str(source / ("opensora" + name).replace(".", "/"))]
    identity = types.SimpleNamespace(register_module=lambda *_, **__: lambda made: made)
    module("opensora.registry", MODELS=identity, build_module=None)
    module("opensora.acceleration")
    module("opensora.acceleration.checkpoint", auto_grad_checkpoint=lambda f, *a: f(*a), checkpoint=None)
    module("opensora.acceleration.shardformer")
    module("opensora.acceleration.shardformer.policy")
    module("opensora.acceleration.shardformer.policy.t5_encoder", T5EncoderPolicy=None)
    module("opensora.utils.ckpt", load_checkpoint=None)
    module("opensora.utils.logger", log_message=print)
    module("opensora.utils.prompt_refine", refine_prompts=None)
    module("opensora.datasets", save_sample=None)
    module("opensora.datasets.utils", read_from_path=None, rescale_image_by_path=None)
    module("opensora.datasets.aspect", get_image_size=None)
    module("liger_kernel")
    module("liger_kernel.ops")
    module("liger_kernel.ops.rms_norm", LigerRMSNormFunction=types.SimpleNamespace(apply=rms_norm))
    module("liger_kernel.ops.rope", LigerRopeFunction=types.SimpleNamespace(apply=rotate_halves))
    module("flash_attn", flash_attn_func=attend)
    module("colossalai")
    module("colossalai.shardformer", ShardConfig=None, ShardFormer=None)
    module("mmengine")
    module("mmengine.config", Config=None)
    module("peft", PeftModel=None)
    torch.compile = lambda *_, **__: lambda f: f
    names = ("models.mmdit.model", "models.hunyuan_vae.autoencoder_kl_causal_3d", "models.text.conditioner")
    names += ("utils.inference", "utils.sampling")
    loaded = {name.split(".")[-1]: importlib.import_module("opensora." + name) for name in names}
    for name in ("peft", "flash_attn", "colossalai", "mmengine"):  # others look whether these are installed
        del sys.modules[name]
    return types.SimpleNamespace(**loaded)
