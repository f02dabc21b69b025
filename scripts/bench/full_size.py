#!/usr/bin/env python3
"""Times networks of full size, with random weights, against diffusers: the same tensors, taking turns.

    ninja -C build/release measure
    python scripts/bench/full_size.py decode|encode|transformer [--res WxH] [--frames N] [--layers N]
        [--rounds N] [--threads N] [--folder DIR]

`decode` and `encode` run Wan 2.1's VAE (base_dim 96, z 16), `transformer` one forward of Wan 2.1 1.3B's
(width 1536, feed-forward 8960, 12 heads; --layers of its 30). Both programs are fresh processes that read the
same checkpoint and the same input; prints CPU seconds (all threads; the minimum of the rounds), peak memory
of the process, and how far the results are apart. CPU seconds, because they bear a machine that has other
work; run both in one call and compare those. Needs diffusers 0.42.1 in this Python.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

REFERENCE = """
import json, resource, sys, time
what, folder, source, target, threads, rounds = sys.argv[1:]
import torch
from safetensors.torch import load_file, save_file
from diffusers import AutoencoderKLWan, WanTransformer3DModel
torch.set_num_threads(int(threads))
torch.set_grad_enabled(False)
begin = time.time()
tensors = load_file(source)
if what == "transformer":
    model = WanTransformer3DModel.from_config(WanTransformer3DModel.load_config(folder)).eval()
    model.load_state_dict(load_file(folder + "/diffusion_pytorch_model.safetensors"))
    inputs = [tensors[name] for name in ("latents", "timestep", "prompt_embeds")]
    run = lambda: model(*inputs, return_dict=False)[0]
else:
    model = AutoencoderKLWan.from_pretrained(folder).eval()
    mean = torch.tensor(model.config.latents_mean).view(1, -1, 1, 1, 1)
    std = torch.tensor(model.config.latents_std).view(1, -1, 1, 1, 1)
    if what == "decode":
        run = lambda: model.decode(tensors["latents"] * std + mean).sample
    else:
        run = lambda: (model.encode(tensors["video"]).latent_dist.mode() - mean) / std
load = time.time() - begin
cpu, wall = [], []
for _ in range(int(rounds)):
    begin, cpu_begin = time.time(), time.process_time()
    result = run()
    cpu.append(time.process_time() - cpu_begin)
    wall.append(time.time() - begin)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(load=load, cpu=cpu, wall=wall, peak=peak)))
save_file({"result": result.contiguous()}, target)
"""


def write_checkpoint(folder, what, layers):
    """Weights that keep the size of their input, gammas around 1: as trained networks have them."""
    import torch
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    if (folder / "config.json").exists():
        return
    torch.manual_seed(1)
    if what == "transformer":
        config = dict(
            num_attention_heads=12,
            attention_head_dim=128,
            ffn_dim=8960,
            num_layers=layers,
            in_channels=16,
            out_channels=16,
            text_dim=4096,
            freq_dim=256,
            cross_attn_norm=True,
        )
        model = WanTransformer3DModel(**config)
    else:
        model = AutoencoderKLWan()  # the class' defaults are Wan 2.1's
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            noise = torch.randn(tensor.shape)
            if name.endswith("gamma") or (tensor.ndim == 1 and "norm" in name and name.endswith("weight")):
                tensor.copy_(1 + 0.3 * noise)
            elif tensor.ndim >= 2 and "scale_shift_table" not in name:
                tensor.copy_(noise / tensor[0].numel() ** 0.5)
            else:
                tensor.copy_(0.2 * noise)
    model.save_pretrained(folder, max_shard_size="20GB")


def write_input(path, what, width, height, frames):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(2)
    latents = torch.randn(1, 16, (frames - 1) // 4 + 1, height // 8, width // 8)
    if what == "decode":
        tensors = dict(latents=latents)
    elif what == "encode":
        tensors = dict(video=torch.rand(1, 3, frames, height, width) * 2 - 1)
    else:
        prompt = torch.zeros(1, 512, 4096)
        prompt[:, :24] = torch.randn(1, 24, 4096)  # a prompt of 24 tokens, padded
        tensors = dict(latents=latents, timestep=torch.tensor([500.0]), prompt_embeds=prompt)
    save_file(tensors, path)


def measure(command, words, environment):
    """-> what the program prints of itself"""
    command = [*command, *(str(word) for word in words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def show(found):
    for name, figures in found.items():
        print(
            f"{name:10} CPU {min(figures['cpu']):8.2f} s   wall {min(figures['wall']):8.2f} s   "
            f"load {figures['load']:6.2f} s   peak {figures['peak']:6.0f} MB"
        )
    if len(found) == 2:
        ours, theirs = found["sora-gen"], found["diffusers"]
        cpu, peak = min(ours["cpu"]) / min(theirs["cpu"]), ours["peak"] / theirs["peak"]
        print(f"ratio      CPU {cpu:8.3f}     peak {peak:.3f}")


def show_distance(ours, theirs):
    from safetensors.torch import load_file

    expected = load_file(theirs)["result"].double()
    error = load_file(ours)["result"].double() - expected
    relative, most = (error.norm() / expected.norm()).item(), error.abs().max().item()
    print(f"apart by {relative:.2e} (relative L2), {most:.2e} at most")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["decode", "encode", "transformer"])
    parser.add_argument("--res", default="256x256")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", default=str(pathlib.Path(tempfile.gettempdir()) / "sora_full_size"))
    parser.add_argument(
        "--only",
        choices=["sora-gen", "diffusers"],
        help="run one of the two; the other's last result is compared with",
    )
    parser.add_argument("--measure", default=str(ROOT / "build/release/tests/measure"))
    return parser.parse_args()


def main():
    options = arguments()
    width, height = (int(side) for side in options.res.split("x"))
    network = f"transformer{options.layers}" if options.what == "transformer" else "vae"
    folder = pathlib.Path(options.folder)
    write_checkpoint(folder / network, options.what, options.layers)
    source = folder / f"{options.what}_{options.res}_{options.frames}.safetensors"
    if not source.exists():
        write_input(source, options.what, width, height, options.frames)

    # As the program sets it for itself (src/cli/library.cpp, Note [Large blocks]).
    blocks = {"MALLOC_MMAP_THRESHOLD_": str(8 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
    environment = {**os.environ, **blocks, "THP_MEM_ALLOC_ENABLE": "1"}
    programs = {
        "sora-gen": ([options.measure], environment),
        "diffusers": ([sys.executable, "-c", REFERENCE], None),
    }
    found, results = {}, {}
    for name, (command, environment) in programs.items():
        results[name] = folder / f"{source.stem}_{network}_{name}.safetensors"
        if options.only in (None, name):
            files = [folder / network, source, results[name]]
            words = [options.what, *files, options.threads, options.rounds]
            found[name] = measure(command, words, environment)
    layers = f", {options.layers} layers" if options.what == "transformer" else ""
    print(f"{options.what}, {options.res}, {options.frames} frames{layers}")
    show(found)
    if all(path.exists() for path in results.values()):
        show_distance(*results.values())


if __name__ == "__main__":
    main()
