"""Golden data of nvfp4 and mxfp8 weights: files of ComfyUI and NVIDIA ModelOpt, and their values.

    python scripts/goldens/block_scales.py [FOLDER]     # needs torch and comfy-kitchen 0.2.40

comfy.safetensors has two weights as comfy_kitchen quantises them, one of them with more than 128 rows, whose
scales are in several tiles; modelopt.safetensors has the same numbers in the other layout. mxfp8.safetensors
has two weights in mxfp8, scales as bytes for one and as F8_E8M0 for the other. golden.safetensors and
golden_mxfp8.safetensors hold the values as comfy_kitchen widens them in fp32, and the versions.
"""

import importlib.metadata
import json
import pathlib
import sys

import torch
from comfy_kitchen.backends.eager import quantization
from comfy_kitchen.float_utils import from_blocked
from safetensors.torch import save_file

SHAPES = {"small": (16, 48), "tall": (144, 80)}
MXFP8_SHAPES = {"small": (32, 64), "tall": (136, 160)}


def mark(layout):
    return torch.tensor(list(json.dumps({"format": layout}).encode()), dtype=torch.uint8)


def write_mxfp8(root, versions):
    torch.manual_seed(1)
    file, golden = {}, {}
    for name, (rows, columns) in MXFP8_SHAPES.items():
        weight = torch.randn(rows, columns) * torch.rand(rows, 1)
        weight[1, 32:64] = 0
        numbers, scales = quantization.quantize_mxfp8(weight)
        as_bytes = name == "small"
        file |= {
            f"{name}.weight": numbers,
            f"{name}.weight_scale": scales.view(torch.uint8) if as_bytes else scales,
            f"{name}.comfy_quant": mark("mxfp8"),
        }
        golden[f"{name}.weight"] = quantization.dequantize_mxfp8(numbers, scales, torch.float32)
    save_file(file, root / "mxfp8.safetensors")
    save_file(golden, root / "golden_mxfp8.safetensors", versions)


def main():
    root = pathlib.Path(__file__).resolve().parents[2] / "tests/data/layouts/block_scales"
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root
    root.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    comfy, modelopt, golden = {}, {}, {}
    for name, (rows, columns) in SHAPES.items():
        weight = torch.randn(rows, columns) * torch.rand(rows, 1)
        weight[1, 16:32] = 0  # a group whose scale is 0
        factor = weight.abs().max() / (6 * 448)
        packed, scales = quantization.quantize_nvfp4(weight, factor)
        comfy |= {
            f"{name}.weight": packed,
            f"{name}.weight_scale": scales,
            f"{name}.weight_scale_2": factor.clone(),
            f"{name}.comfy_quant": mark("nvfp4"),
        }
        plain = from_blocked(scales.view(torch.uint8), rows, columns // 16).contiguous()
        modelopt |= {
            f"{name}.weight": packed >> 4 | packed << 4,
            f"{name}.weight_scale": plain.view(torch.float8_e4m3fn),
            f"{name}.weight_scale_2": factor.clone(),
        }
        golden[f"{name}.weight"] = quantization.dequantize_nvfp4(packed, factor, scales, torch.float32)
    save_file(comfy, root / "comfy.safetensors")
    save_file(modelopt, root / "modelopt.safetensors")
    versions = {m: importlib.metadata.version(m) for m in ("torch", "comfy_kitchen")}
    save_file(golden, root / "golden.safetensors", versions)
    write_mxfp8(root, versions)


if __name__ == "__main__":
    main()
