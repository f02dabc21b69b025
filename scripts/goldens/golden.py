"""What the scripts that write tests/data share. A module, not a script; needs diffusers and transformers."""

import json
import pathlib
import shutil
import sys
import tempfile

import diffusers
import torch
import transformers
from safetensors.torch import save_file

DATA = pathlib.Path(__file__).resolve().parents[2] / "tests/data"
VERSIONS = {
    "torch": torch.__version__,
    "diffusers": diffusers.__version__,
    "transformers": transformers.__version__,
}


def output_folder(name):
    """The first argument of the script, else tests/data/NAME."""
    return pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / name


def write_folders(root, cases, make):
    """A folder for each case, by make(folder, *case); config.json is indented as the others of the tests."""
    torch.set_num_threads(1)
    for name, case in cases.items():
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder, *case)
        config = folder / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()), indent=2) + "\n")
        print(
            name,
            sum(file.stat().st_size for file in folder.iterdir()),
            sorted(f.name for f in folder.iterdir()),
        )


def plain(tensors):
    """As the files have them: fp32, contiguous."""
    return {name: tensor.float().contiguous() for name, tensor in tensors.items()}


def save_pipeline(pipe, folder, **more):
    """Saves the parts of a pipeline; its tokenizer stays the spiece.model that is there already."""
    spiece = (folder / "tokenizer/spiece.model").read_bytes()
    pipe.save_pretrained(folder, safe_serialization=True, **more)
    (folder / "tokenizer/spiece.model").write_bytes(spiece)
    (folder / "tokenizer/tokenizer.json").unlink(missing_ok=True)  # not read, and larger than the model


def saved_tokenizer(model):
    """That of a model which save_pipeline() wrote, without the config that asks for a tokenizer.json."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(model / "tokenizer/spiece.model", scratch)
        return transformers.T5Tokenizer.from_pretrained(scratch, extra_ids=0)


def save_case(folder, number, case, tensors, versions=VERSIONS):
    """-> the case's entry in cases.json."""
    file = f"case{number}.safetensors"
    save_file(tensors, folder / file, metadata=versions)
    return case | {"tensors": file}


def save_cases(folder, cases, versions=VERSIONS):
    text = json.dumps({"versions": versions, "cases": cases}, indent=1, ensure_ascii=False) + "\n"
    (folder / "cases.json").write_text(text, encoding="utf-8")


def size_of(folder):
    return f"{sum(file.stat().st_size for file in folder.rglob('*') if file.is_file()) // 1024} KiB"


def keep_first_prediction(pipe, tensors):
    """Puts what the scheduler is given at its first step into `tensors`."""
    step = pipe.scheduler.step

    def kept(noise_pred, *rest, **named):
        tensors.setdefault("noise_pred_0", noise_pred.clone())
        return step(noise_pred, *rest, **named)

    pipe.scheduler.step = kept


def keep_latents(tensors):
    """A callback_on_step_end that leaves the last latents in `tensors`."""

    def kept(pipe, i, t, values):
        tensors["latents"] = values["latents"].clone()
        return {}

    return kept


def first_noise(pipe, case, channels):
    """The noise that a pipeline begins a case with."""
    space, time = pipe.vae.config.scale_factor_spatial, pipe.vae.config.scale_factor_temporal
    size = (case["height"] // space, case["width"] // space)
    shape = (1, channels, (case["frames"] - 1) // time + 1, *size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(case["seed"]))
