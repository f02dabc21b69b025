"""Golden data of GGUF files: one tiny file a type, and what the gguf package makes of it.

    python scripts/goldens/gguf_files.py [tests/data/gguf]

Each file holds a tensor `weight` [3, 2 blocks]; golden.safetensors holds their values in fp32, with the
version of gguf in its metadata. Blocks are random bytes, so that every bit of every layout is used; only the
scales that are half-precision numbers are drawn as numbers. F16 and BF16 are there to test the reader.
"""

import importlib.metadata
import pathlib
import shutil
import sys

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file

ROWS, BLOCKS = 3, 2
# Byte offsets of the half-precision scales within a block.
SCALES = {
    Type.Q8_0: [0],
    Type.Q4_0: [0],
    Type.Q4_1: [0, 2],
    Type.Q5_0: [0],
    Type.Q5_1: [0, 2],
    Type.Q2_K: [80, 82],
    Type.Q3_K: [108],
    Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
    Type.IQ2_XXS: [0],
    Type.IQ2_XS: [0],
    Type.IQ2_S: [0],
    Type.IQ3_XXS: [0],
    Type.IQ3_S: [0],
    Type.IQ4_NL: [0],
    Type.IQ4_XS: [0],
    Type.TQ1_0: [52],
    Type.TQ2_0: [64],
    Type.MXFP4: [],
    Type.NVFP4: [],
}


def blocks_of(kind, generator):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = generator.integers(0, 256, (ROWS * BLOCKS, size), dtype=np.uint8)
    for offset in SCALES[kind]:
        scale = (generator.standard_normal((ROWS * BLOCKS, 1)) * 0.01).astype(np.float16)
        scale[0] = np.float16(3e-7)  # subnormal
        data[:, offset : offset + 2] = scale.view(np.uint8)
    if kind == Type.MXFP4:  # its scale is a power of two, of which the largest give infinite values
        data[:, 0] = generator.integers(0, 140, ROWS * BLOCKS, dtype=np.uint8)
        data[0, 0] = 1  # subnormal
    return data.reshape(ROWS, BLOCKS * size)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/data/gguf")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    generator = np.random.default_rng(20)
    golden = {}
    for kind in [*SCALES, Type.F16, Type.BF16]:
        name = kind.name.lower()
        writer = gguf.GGUFWriter(root / f"{name}.gguf", "wan")
        writer.add_string("note", "random blocks")
        writer.add_array("pieces", ["a", "b", ""])
        if kind in SCALES:
            data = blocks_of(kind, generator)
        else:
            data = gguf.quants.quantize(generator.standard_normal((ROWS, 32), dtype=np.float32), kind)
        writer.add_tensor("weight", data, raw_dtype=kind)
        writer.add_tensor("bias", np.arange(5, dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        values = gguf.quants.dequantize(data, kind).astype(np.float32)
        assert np.isfinite(values).all()
        golden[name] = torch.from_numpy(values.reshape(ROWS, -1).copy())
    save_file(golden, root / "golden.safetensors", dict(gguf=importlib.metadata.version("gguf")))
    print(sum(f.stat().st_size for f in root.iterdir()), sorted(f.name for f in root.iterdir()))


if __name__ == "__main__":
    main()
