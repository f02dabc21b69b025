"""Writes tests/data/vace: a tiny Wan-VACE checkpoint, and what diffusers makes of it.

Run from anywhere: python scripts/goldens/vace.py [OUTPUT_FOLDER]
Needs torch 2.13.0, diffusers 0.42.1, transformers 5.24.0, pillow 13.0.0, opencv 5.0.0, ftfy, sentencepiece.

The folder is a model in diffusers' layout. cases.json names its cases, as pipeline.py writes them; a case may
have a clip, a mask and a control video (each a .mkv of ffv1 in rgb, so that its pixels are exact), and
reference pictures. Of what a mask covers the pipeline is given grey, as for inpainting, or the control
video's pixels. Tensors: the initial `noise` and, as in pipeline.py, `noise_pred_0`, `latents` and `video`;
`condition`, what the control branch is given; all with the reference pictures' latent frames, which are left
out of `latents` here, as the pipeline leaves them out of the video.

transformer.safetensors: inputs and `sample_N` of the transformer alone, on odd grids, with a scale for each
layer. edges.safetensors: pictures (`image_N`) and cv2.Canny's edges of them (`edges_N`).
"""

import shutil
import subprocess

import cv2
import numpy
import torch
from diffusers import WanVACEPipeline, WanVACETransformer3DModel
from golden import (
    keep_first_prediction,
    keep_latents,
    output_folder,
    plain,
    save_case,
    save_cases,
    save_pipeline,
    size_of,
)
from image_pipeline import TEXT, VERSIONS, Z, picture
from PIL import Image
from safetensors.torch import save_file
from tiny_networks import randomise, text_encoder, tokenizer, unipc, vae21

OUT = output_folder("vace")
CONTROL = 2 * Z + 64
VERSIONS = VERSIONS | {"opencv": cv2.__version__}

CASES = [
    dict(prompt="waves and rain", negative_prompt="a lake", width=48, height=32, frames=9, steps=3,
         guidance=5.0, seed=4),
    dict(prompt="a red ball", width=80, height=48, frames=9, steps=3, guidance=4.0, seed=5,
         clip=True, mask="moving"),
    dict(prompt="birds fly", width=32, height=64, frames=1, steps=2, guidance=1.0, seed=8,
         clip=True, mask="still"),
    dict(prompt="neon street", negative_prompt="rain", width=48, height=32, frames=5, steps=3, guidance=5.0,
         seed=6, references=[(61, 45)]),
    dict(prompt="a red ball", width=32, height=48, frames=5, steps=3, guidance=3.0, seed=7,
         clip=True, mask="still", references=[(50, 131), (90, 20)]),
    dict(prompt="the camera pans", negative_prompt="snow", width=48, height=80, frames=9, steps=3,
         guidance=5.0, seed=9, control=True, control_scale=0.6),
    dict(prompt="a lake", width=48, height=48, frames=5, steps=2, guidance=5.0, seed=10,
         clip=True, mask="soft", control=True, control_scale=1.5),
]  # fmt: skip


def transformer(seed):
    return randomise(
        WanVACETransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=20,
            in_channels=Z,
            out_channels=Z,
            text_dim=TEXT,
            freq_dim=24,
            ffn_dim=40,
            num_layers=4,
            vace_layers=[0, 2],
            vace_in_channels=CONTROL,
        ),
        seed,
    )


def clip(width, height, frames, seed):
    return numpy.stack([numpy.array(picture(width, height, seed * 100 + i)) for i in range(frames)])


def masks(kind, width, height, frames):
    """[frames, height, width], 0 to 255."""
    y, x = numpy.mgrid[0:height, 0:width]
    made = []
    for i in range(frames):
        shift = 2 * i if kind == "moving" else 0
        mask = ((x - width / 2.5 - shift) ** 2 + (y - height / 2.2) ** 2 < (height / 3.3) ** 2) * 255
        if kind == "soft":
            mask = numpy.clip(300 - 6 * numpy.hypot(x - width / 2, y - height / 2) + 3 * i, 0, 255)
        made.append(mask.astype(numpy.uint8))
    return numpy.stack(made)


def save_clip(path, frames):
    """A video whose pixels are exact."""
    height, width = frames.shape[1:3]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
        + ["-r", "16", "-i", "-", "-c:v", "ffv1", "-pix_fmt", "gbrp", "-fflags", "+bitexact"]
        + ["-flags:v", "+bitexact", str(path)],
        input=frames.tobytes(),
        check=True,
    )


def as_video(frames):
    """[F, H, W, 3] bytes -> [F, 3, H, W] in 0..1."""
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def arrays(video):
    """What the pipeline takes without a rounding to bytes: grey is 0 exactly."""
    return list(video.permute(0, 2, 3, 1).numpy())


def inputs_of(case, folder, number):
    """-> the pipeline's arguments, and the files of the case."""
    size = (case["width"], case["height"], case["frames"])
    files, given = {}, {}
    video = torch.full((size[2], 3, size[1], size[0]), 0.5)
    mask = torch.ones(size[2], 3, size[1], size[0])
    if case.get("clip"):
        frames = clip(*size, seed=case["seed"])
        grey = masks(case["mask"], *size)
        files["clip"] = f"clip{number}.mkv"
        save_clip(folder / files["clip"], frames)
        if case["mask"] == "moving" or case["mask"] == "soft":
            files["mask"] = f"mask{number}.mkv"
            save_clip(folder / files["mask"], numpy.repeat(grey[..., None], 3, -1))
        else:
            files["mask"] = f"mask{number}.png"
            Image.fromarray(grey[0]).save(folder / files["mask"])
        mask = as_video(numpy.repeat(grey[..., None], 3, -1))
        kept = as_video(frames)
    if case.get("control"):
        frames = clip(*size, seed=case["seed"] + 50)
        files["control"] = f"control{number}.mkv"
        save_clip(folder / files["control"], frames)
        video = as_video(frames)
    if case.get("clip"):
        video = torch.where(mask > 0.5, video, kept)
    if case.get("clip") or case.get("control"):
        given["video"], given["mask"] = arrays(video), arrays(mask)
    if "references" in case:
        pictures = [picture(*each, seed=case["seed"] + 7 * i) for i, each in enumerate(case["references"])]
        files["references"] = [f"reference{number}_{i}.png" for i in range(len(pictures))]
        for each, name in zip(pictures, files["references"]):
            each.save(folder / name)
        given["reference_images"] = pictures
    return given, files


def take_arrays(pipe):
    """Of an array [H, W, 3] the pipeline would take the wrong sides for its size."""
    of_pictures = pipe.video_processor.get_default_height_width

    def size(image, *rest):
        return image.shape[:2] if isinstance(image, numpy.ndarray) else of_pictures(image, *rest)

    pipe.video_processor.get_default_height_width = size


def run(pipe, case, given):
    tensors = {}
    pipe.scheduler = pipe.scheduler.from_config(pipe.scheduler.config)
    keep_first_prediction(pipe, tensors)
    prepare, forward = pipe.prepare_latents, pipe.transformer.forward

    def keep_noise(*rest, **named):
        tensors["noise"] = prepare(*rest, **named)
        return tensors["noise"]

    def keep_condition(*rest, **named):
        tensors["condition"] = named["control_hidden_states"]
        return forward(*rest, **named)

    pipe.prepare_latents, pipe.transformer.forward = keep_noise, keep_condition
    video = pipe(
        prompt=case["prompt"],
        negative_prompt=case.get("negative_prompt", ""),
        **given,
        conditioning_scale=case.get("control_scale", 1.0),
        width=case["width"],
        height=case["height"],
        num_frames=case["frames"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance"],
        generator=torch.Generator().manual_seed(case["seed"]),
        output_type="pt",
        callback_on_step_end=keep_latents(tensors),
    ).frames
    pipe.prepare_latents, pipe.transformer.forward = prepare, forward
    tensors["latents"] = tensors["latents"][:, :, len(case.get("references", [])) :]
    tensors["video"] = video[0].permute(0, 2, 3, 1)
    return plain(tensors)


def of_the_transformer(network):
    generator = torch.Generator().manual_seed(77)
    tensors = {}
    for number, size in enumerate([(1, 6, 10), (3, 2, 14), (5, 10, 6)]):
        named = dict(
            hidden_states=torch.randn(1, Z, *size, generator=generator),
            timestep=torch.tensor([[611], [37], [1000]][number]),
            encoder_hidden_states=torch.randn(1, 9 + number, TEXT, generator=generator),
            control_hidden_states=torch.randn(1, CONTROL, *size, generator=generator),
            control_hidden_states_scale=torch.full((2,), [1.0, 0.35, 2.0][number]),
        )
        with torch.no_grad():
            sample = network(**named, return_dict=False)[0]
        tensors |= {f"{name}_{number}": tensor for name, tensor in named.items()} | {
            f"sample_{number}": sample
        }
    save_file(plain(tensors), OUT / "transformer.safetensors", metadata=VERSIONS)


def of_edges():
    tensors = {}
    for number, size in enumerate([(64, 48), (37, 23), (90, 131), (3, 5), (1, 1)]):
        image = numpy.array(picture(*size, seed=40 + number))
        image = cv2.GaussianBlur(image, (0, 0), 1.2) if number % 2 == 0 else image
        tensors[f"image_{number}"] = torch.from_numpy(image)
        tensors[f"edges_{number}"] = torch.from_numpy(cv2.Canny(image, 100, 200))
    save_file(tensors, OUT / "edges.safetensors", metadata=VERSIONS)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    torch.set_num_threads(1)
    made = tokenizer(OUT / "tokenizer")
    encoder = text_encoder(len(made), TEXT, 500)
    network = transformer(92)
    pipe = WanVACEPipeline(
        tokenizer=made, text_encoder=encoder, vae=vae21(91), transformer=network, scheduler=unipc(3.0)
    )
    save_pipeline(pipe, OUT)
    pipe.set_progress_bar_config(disable=True)
    take_arrays(pipe)
    cases = []
    for number, case in enumerate(CASES):
        given, files = inputs_of(case, OUT, number)
        cases.append(save_case(OUT, number, case | files, run(pipe, case, given), VERSIONS))
    save_cases(OUT, cases, VERSIONS)
    of_the_transformer(network)
    of_edges()
    print(size_of(OUT))


if __name__ == "__main__":
    main()
