#!/usr/bin/env python3
"""Fetches the C2PA project's library as PyPI's wheel c2pa-python, and unpacks what a C++ program needs of it.

    INTO/libc2pa_c.so   the library, which sora-gen opens when something is signed or read
    INTO/METADATA       of the wheel: version and licence (MIT or Apache 2.0)

The wheel must have the SHA-256 that stands below; pip refuses any other. Everything is unpacked beside INTO
and renamed when whole. Needs pip and nothing else; called by scripts/setup.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile

VERSION = "0.38.1"
SHA256 = {
    "x86_64": "0885fc72b7741b2af91305d1768618c827d802fa8963cd11f2fe2d00500651d0",
    "aarch64": "d40fe8adc79ced9d9e8019e28f1fb53104c99f13aedcfc5999935113e57509db",
}
LIBRARY = "c2pa/libs/libc2pa_c.so"


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def fetch(folder: str, machine: str) -> str:
    """Path of the wheel in folder."""
    wanted = os.path.join(folder, "requirements.txt")
    with open(wanted, "w", encoding="utf-8") as file:
        file.write(f"c2pa-python=={VERSION} --hash=sha256:{SHA256[machine]}\n")
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes", "--dest", folder]
    command += ["--platform", f"manylinux_2_28_{machine}", "-r", wanted]
    # pip's own progress goes to stderr: stdout belongs to the caller.
    subprocess.run(command, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)
    [path] = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl")]
    with open(path, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != SHA256[machine]:
        raise ValueError(f"{os.path.basename(path)} has the digest {found}, expected {SHA256[machine]}")
    return path


def unpack(wheel_path: str, into: str) -> None:
    os.makedirs(into)
    with zipfile.ZipFile(wheel_path) as wheel:
        metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        for name in (LIBRARY, metadata):
            target = os.path.join(into, os.path.basename(name))
            with wheel.open(name) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file)
    os.chmod(os.path.join(into, os.path.basename(LIBRARY)), 0o755)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--into", required=True, help="folder to make")
    options = parser.parse_args()
    machine = platform.machine()
    if machine not in SHA256:
        say(f"there is no C2PA library for {machine}; sora-gen works without it, and signs nothing")
        return 0
    into = os.path.abspath(options.into)
    os.makedirs(os.path.dirname(into), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".c2pa-", dir=os.path.dirname(into)) as scratch:
        try:
            wheel = fetch(scratch, machine)
            unpack(wheel, os.path.join(scratch, "c2pa"))
        except (OSError, subprocess.CalledProcessError, ValueError, StopIteration, KeyError) as error:
            say(f"the C2PA library could not be fetched: {error}")
            return 69
        with open(os.path.join(scratch, "c2pa", "stamp"), "w", encoding="utf-8") as file:
            file.write(f"c2pa-python {VERSION}\n")
        shutil.rmtree(into, ignore_errors=True)
        os.rename(os.path.join(scratch, "c2pa"), into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
