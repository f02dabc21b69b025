"""Writes tests/data/sampling: what diffusers' schedulers and PyTorch's CPU generator give.

Run from anywhere: python scripts/goldens/sampling.py
The versions that made the files are in their metadata and in cases.tsv.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import diffusers
import numpy
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "sampling"
VERSIONS = {"torch": torch.__version__, "diffusers": diffusers.__version__, "numpy": numpy.__version__}

CLASSES = {
    "unipc": UniPCMultistepScheduler,
    "euler": FlowMatchEulerDiscreteScheduler,
    "dpm++": DPMSolverMultistepScheduler,
}
FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
SHAPE = (1, 2, 3, 4, 4)

# name -> (scheduler, arguments that differ from the class's defaults)
CONFIGS = {
    "unipc": ("unipc", FLOW),
    "euler": ("euler", {}),
    "dpmpp": ("dpm++", FLOW),
    "unipc-order-1": ("unipc", FLOW | {"solver_order": 1}),
    "unipc-order-3": ("unipc", FLOW | {"solver_order": 3}),
    # bh1 has no value at sigma 0, so it ends at the last level above.
    "unipc-bh1": ("unipc", FLOW | {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}),
    "unipc-bh1-order-3": (
        "unipc",
        FLOW | {"solver_type": "bh1", "solver_order": 3, "final_sigmas_type": "sigma_min"},
    ),
    "unipc-sigma-min": ("unipc", FLOW | {"final_sigmas_type": "sigma_min"}),
    "unipc-corrector-off": ("unipc", FLOW | {"disable_corrector": [0, 2]}),
    "unipc-train-500": ("unipc", FLOW | {"num_train_timesteps": 500}),
    "unipc-terminal": ("unipc", FLOW | {"shift_terminal": 0.1}),
    "unipc-karras": ("unipc", FLOW | {"use_karras_sigmas": True}),
    "unipc-karras-range": (
        "unipc",
        FLOW | {"use_karras_sigmas": True, "sigma_min": 0.01, "sigma_max": 200.0},
    ),
    "unipc-flow-epsilon": ("unipc", {"use_flow_sigmas": True}),
    "unipc-flow-sample": ("unipc", {"use_flow_sigmas": True, "prediction_type": "sample"}),
    "unipc-flow-v": ("unipc", {"use_flow_sigmas": True, "prediction_type": "v_prediction"}),
    "unipc-noise-epsilon": ("unipc", {"predict_x0": False, "final_sigmas_type": "sigma_min"}),
    "unipc-noise-sample": (
        "unipc",
        {
            "predict_x0": False,
            "final_sigmas_type": "sigma_min",
            "prediction_type": "sample",
            "solver_order": 3,
        },
    ),
    "unipc-noise-v": (
        "unipc",
        {"predict_x0": False, "final_sigmas_type": "sigma_min", "prediction_type": "v_prediction"},
    ),
    "unipc-vp-linspace": (
        "unipc",
        {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    ),
    "unipc-vp-leading": (
        "unipc",
        {
            "beta_schedule": "squaredcos_cap_v2",
            "prediction_type": "v_prediction",
            "timestep_spacing": "leading",
            "steps_offset": 1,
        },
    ),
    "unipc-vp-trailing": ("unipc", {"timestep_spacing": "trailing", "final_sigmas_type": "sigma_min"}),
    "unipc-vp-trained": (
        "unipc",
        {"num_train_timesteps": 30, "trained_betas": [round(0.001 * (k + 1), 6) for k in range(30)]},
    ),
    "euler-terminal": ("euler", {"shift_terminal": 0.1}),
    "euler-train-500": ("euler", {"num_train_timesteps": 500}),
    "dpmpp-order-1": ("dpm++", FLOW | {"solver_order": 1}),
    "dpmpp-heun": ("dpm++", FLOW | {"solver_type": "heun"}),
    "dpmpp-euler-at-final": ("dpm++", FLOW | {"euler_at_final": True, "final_sigmas_type": "sigma_min"}),
    "dpmpp-sigma-min": ("dpm++", FLOW | {"final_sigmas_type": "sigma_min", "lower_order_final": False}),
    "dpmpp-vp": ("dpm++", {}),
}
MAIN = ("unipc", "euler", "dpmpp")
COLUMNS = ("config", "scheduler", "steps", "flow_shift", "start")


def cases():
    """One run each: config, scheduler that runs it, steps, shift, first step."""

    def case(config, steps, shift, scheduler=None, start=0):
        return {
            "config": config,
            "scheduler": scheduler or CONFIGS[config][0],
            "steps": steps,
            "flow_shift": shift,
            "start": start,
        }

    for config in MAIN:
        for steps in (1, 2, 3, 4, 5, 8, 20, 50):
            for shift in (1.0, 3.0, 5.0, 8.0, 12.0):
                yield case(config, steps, shift)
        yield case(config, 8, 3.0, start=3)  # from data, as with an image-to-image strength
        yield case(config, 7, 2.3)
    for config in CONFIGS:
        if config not in MAIN:
            for steps in (2, 5, 8, 20):
                yield case(config, steps, 3.0)
    for config, scheduler in (("unipc", "euler"), ("unipc", "dpm++"), ("dpmpp", "unipc"), ("dpmpp", "euler")):
        for steps in (4, 20):
            yield case(config, steps, 5.0, scheduler)
    yield case("unipc-order-1", 8, 3.0, "dpm++")
    yield case("dpmpp-heun", 8, 3.0, "unipc")
    yield case("dpmpp-sigma-min", 8, 3.0, "unipc", start=5)


def fake_noise_pred(sample, targets, t):
    """Not linear in the sample, and made of operations that IEEE 754 rounds exactly."""
    return sample * (0.6 + t / 2000.0) - targets / (1.0 + sample * sample)


def run(case, latents, targets):
    name, arguments = CONFIGS[case["config"]]
    config = CLASSES[name](**arguments).config
    shift = {"shift" if case["scheduler"] == "euler" else "flow_shift": case["flow_shift"]}
    if case["scheduler"] == "unipc":
        shift["lower_order_final"] = True
    scheduler = CLASSES[case["scheduler"]].from_config(config, **shift)
    scheduler.set_timesteps(case["steps"])
    scheduler.set_begin_index(case["start"])
    sample = latents
    for t in scheduler.timesteps[case["start"] :]:
        noise_pred = fake_noise_pred(sample, targets, t.item())
        sample = scheduler.step(noise_pred, t, sample, return_dict=False)[0]
    assert torch.isfinite(sample).all(), case
    return scheduler.timesteps, scheduler.sigmas, sample


def write_schedulers():
    generator = torch.Generator("cpu").manual_seed(20)
    latents = torch.randn(SHAPE, generator=generator)
    targets = torch.randn(SHAPE, generator=generator)
    tensors = {"latents": latents, "targets": targets}
    rows = ["# " + ", ".join(f"{name} {version}" for name, version in VERSIONS.items())]
    rows.append("# " + "\t".join(COLUMNS))
    for number, case in enumerate(cases()):
        timesteps, sigmas, sample = run(case, latents, targets)
        tensors |= {f"{number}.timesteps": timesteps, f"{number}.sigmas": sigmas, f"{number}.sample": sample}
        rows.append("\t".join(str(case[column]) for column in COLUMNS))
    save_file(tensors, OUT / "schedulers.safetensors", metadata=VERSIONS)
    (OUT / "cases.tsv").write_text("\n".join(rows) + "\n")

    (OUT / "configs").mkdir()
    for name, (scheduler, arguments) in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            CLASSES[scheduler](**arguments).save_config(folder)
            shutil.move(f"{folder}/scheduler_config.json", OUT / "configs" / f"{name}.json")


def write_noise(path):
    """Successive draws of one generator a seed. Below 16 values PyTorch takes another path than above."""
    tensors = {}
    for seed in (0, 7, 2**32 - 1, 12345678901234):
        generator = torch.Generator("cpu").manual_seed(seed)
        for draw, shape in enumerate([(3,), (17,), (15,), (16,), (1, 2, 3, 5, 7), (1, 1), (1, 4, 2, 4, 4)]):
            tensors[f"{seed}.{draw}"] = torch.randn(shape, generator=generator, dtype=torch.float32)
    capability = torch.backends.cpu.get_cpu_capability()
    save_file(tensors, path, metadata=VERSIONS | {"cpu_capability": capability})


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "noise":
        return write_noise(sys.argv[2])
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_schedulers()
    # The Box-Muller transform rounds differently with and without AVX2.
    for capability in ("default", "avx2"):
        environment = os.environ | {"ATEN_CPU_CAPABILITY": capability}
        path = OUT / f"noise-{capability}.safetensors"
        subprocess.run([sys.executable, __file__, "noise", str(path)], env=environment, check=True)


if __name__ == "__main__":
    main()
