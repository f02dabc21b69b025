#!/usr/bin/env python3
"""Fetches libtorch as PyPI's wheel of torch, and unpacks what a C++ program needs of it.

    INTO/torch/include, INTO/torch/lib   headers and libraries
    INTO/nvidia/...                      CUDA's own libraries, where the wheel needs them; the wheel's
                                         libraries look for them at ../../nvidia
    INTO/include, INTO/lib               links into torch/
    INTO/stamp                           what is here, written last

Everything is fetched, checked against the digests in the wheels and unpacked beside INTO, and renamed
when whole. Wheels that arrived stay in INTO.download until the end, so that a second try goes on.
Needs pip and nothing else; called by scripts/setup.
"""

import argparse
import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile

# Only the tag decides which file of the wheel is taken; the C++ libraries are the same for each Python.
PYTHON_VERSION = "3.11"
# An older pip takes a tag to the letter: each glibc up to that of the oldest system has to be named.
GLIBC_TAGS = [f"manylinux_2_{minor}" for minor in range(28, 16, -1)] + ["manylinux2014"]

KEEP = re.compile(
    r"torch/(include|lib)/|torch\.libs/|nvidia/.*\.so|nvidia/.*/include/|.*/(LICENSE|NOTICE)[^/]*$"
)
DROP = re.compile(
    r"torch/include/(fmt|pybind11|torch/csrc/(api|autograd|jit|distributed|inductor|dynamo))/"
    r"|torch/lib/(libtorch_python|libshm|libtorch_global_deps|libcaffe2_nvrtc|libtorchbind_test|libjitbackend_test"
    r"|libbackend_with_compiler|libaoti_custom_ops)[^/]*"
    r"|torch/lib/libshm.*"
    r"|.*\.a$"
)
# libtorch_cpu of a CUDA wheel needs no more than these two of CUDA.
SMALL_CUDA = ["cudart", "cupti"]
CUDA_ONLY = re.compile(r"torch/lib/lib(torch_cuda|torch_cuda_linalg|c10_cuda|torch_nvshmem|torch)\.so$")


class Unavailable(Exception):
    pass


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def download(requirements: list[str], folder: str, dependencies: bool, quiet: bool = False) -> None:
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--dest", folder]
    command += [
        "--python-version",
        PYTHON_VERSION,
        "--implementation",
        "cp",
        "--no-input",
        "--disable-pip-version-check",
    ]
    for tag in GLIBC_TAGS:
        command += ["--platform", f"{tag}_{platform.machine()}"]
    if not dependencies:
        command.append("--no-deps")
    # pip's own progress goes to stderr: stdout belongs to the caller.
    out = subprocess.run(
        command + requirements,
        stdout=subprocess.PIPE if quiet else sys.stderr,
        stderr=subprocess.STDOUT if quiet else None,
        stdin=subprocess.DEVNULL,
    )
    if out.returncode != 0:
        raise Unavailable(" ".join(requirements))


def whole(path: str) -> bool:
    """Whether every file in the wheel has the digest that its RECORD names."""
    try:
        with zipfile.ZipFile(path) as wheel:
            record = next(n for n in wheel.namelist() if n.endswith(".dist-info/RECORD"))
            for line in wheel.read(record).decode().splitlines():
                name, digest, _ = line.rsplit(",", 2)
                name = name.strip('"')
                if not digest or not KEEP.match(name):
                    continue
                algorithm, _, expected = digest.partition("=")
                found = hashlib.new(algorithm)
                with wheel.open(name) as stream:
                    for block in iter(lambda: stream.read(1 << 20), b""):
                        found.update(block)
                if base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode() != expected:
                    return False
        return True
    except (OSError, zipfile.BadZipFile, StopIteration, KeyError, ValueError, EOFError):
        return False


def wheels(folder: str) -> list[str]:
    return sorted(os.path.join(folder, n) for n in os.listdir(folder) if n.endswith(".whl"))


def cuda_requirements(torch_wheel: str, small: bool) -> list[str]:
    """CUDA's libraries as the wheel's metadata names them: all, or those that a CPU run needs."""
    with zipfile.ZipFile(torch_wheel) as wheel:
        metadata = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        lines = wheel.read(metadata).decode().splitlines()
    wanted = []
    for line in lines:
        if not line.startswith("Requires-Dist:"):
            continue
        requirement = line.partition(":")[2].partition(";")[0].strip()
        extras = re.match(r"(cuda-toolkit)\[([^\]]*)\](.*)", requirement)
        if extras:
            parts = [e for e in extras[2].split(",") if not small or e in SMALL_CUDA]
            wanted.append(f"{extras[1]}[{','.join(parts)}]{extras[3]}")
        elif requirement.startswith("nvidia-") and (
            not small or re.match(r"nvidia-cuda-(runtime|cupti)", requirement)
        ):
            wanted.append(requirement)
    return wanted


def fetch_torch(version: str, variant: str, folder: str) -> str:
    """Path of torch's wheel in folder. Builds bear a local version, such as +cpu, or none."""
    spellings = {
        "cpu": [f"torch=={version}+cpu", f"torch=={version}"],
        "cuda": [f"torch=={version},!={version}+cpu"],
    }[variant]
    for path in wheels(folder):
        if os.path.basename(path).startswith(f"torch-{version}") and whole(path):
            return path
    for path in wheels(folder):
        os.remove(path)
    for number, spelling in enumerate(spellings):
        try:
            download([spelling], folder, dependencies=False, quiet=number + 1 < len(spellings))
            break
        except Unavailable:
            if number + 1 == len(spellings):
                raise
    path = next(p for p in wheels(folder) if os.path.basename(p).startswith("torch-"))
    if not whole(path):
        os.remove(path)
        raise Unavailable(f"{os.path.basename(path)} arrived damaged")
    return path


def unpack(path: str, into: str, drop_cuda: bool) -> None:
    with zipfile.ZipFile(path) as wheel:
        for member in wheel.infolist():
            name = member.filename
            if not KEEP.match(name) or DROP.match(name) or (drop_cuda and CUDA_ONLY.match(name)):
                continue
            extracted = wheel.extract(member, into)
            # The wheel's own times: what was built against the same headers is not built again.
            built = time.mktime(member.date_time + (0, 0, -1))
            os.utime(extracted, (built, built))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", required=True)
    parser.add_argument("--variant", choices=["cpu", "cuda"], required=True)
    parser.add_argument("--stamp", required=True, help="text of INTO/stamp")
    parser.add_argument("--into", required=True)
    args = parser.parse_args()

    into = os.path.abspath(args.into)
    downloads, fresh, old = (f"{into}.{suffix}" for suffix in ("download", "new", "old"))
    os.makedirs(os.path.join(downloads, "torch"), exist_ok=True)
    os.makedirs(os.path.join(downloads, "cuda"), exist_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    try:
        torch_wheel = fetch_torch(args.version, args.variant, os.path.join(downloads, "torch"))
        with zipfile.ZipFile(torch_wheel) as wheel:
            is_cuda_build = "torch/lib/libtorch_cuda.so" in wheel.namelist()
        if args.variant == "cuda" and not is_cuda_build:
            raise Unavailable(f"torch {args.version} with CUDA is not offered for {platform.machine()}")
        cuda_wheels = []
        if is_cuda_build:
            needs = cuda_requirements(torch_wheel, small=args.variant == "cpu")
            say(f"with it: {' '.join(needs)}")
            download(needs, os.path.join(downloads, "cuda"), dependencies=True)
            cuda_wheels = wheels(os.path.join(downloads, "cuda"))
            for path in cuda_wheels:
                if not whole(path):
                    os.remove(path)
                    raise Unavailable(f"{os.path.basename(path)} arrived damaged")
        say("unpacking")
        unpack(torch_wheel, fresh, drop_cuda=args.variant == "cpu")
        for path in cuda_wheels:
            unpack(path, fresh, drop_cuda=False)
    except Unavailable as error:
        say(f"not to be had: {error}")
        return 1
    except OSError as error:
        say(f"{error}; is the disk full?")
        return 1

    for name in ("include", "lib"):
        os.symlink(f"torch/{name}", os.path.join(fresh, name))
    with open(os.path.join(fresh, "stamp"), "w", encoding="utf-8") as stamp:
        stamp.write(args.stamp + "\n")
    shutil.rmtree(old, ignore_errors=True)
    if os.path.lexists(into):
        os.rename(into, old)
    os.rename(fresh, into)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(downloads, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
