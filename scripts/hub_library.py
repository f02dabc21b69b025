"""Files of the Hugging Face hub through its own library, which knows the hub's protocol for large ones (Xet)
and goes on where it stopped. What it cannot bring, or brings wrong, curl fetches and judges (hub.py), so that
errors are the same in both ways. The listing, its checks and the hashes stay the script's: the library checks
sizes alone."""

import functools
import importlib
import os
import shutil
import sys

from hub import Failure, endpoint, is_good, sends_token, token

FOLDER = ".hub"  # in the folder of the work: the library keeps its own books there
OLDEST = (0, 23)  # before that, files in a folder were links into the cache


@functools.cache
def library(ways):
    """huggingface_hub, or None where curl is to do it."""
    if ways == "curl":
        return None
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        module = importlib.import_module("huggingface_hub")
        version = tuple(int(part) for part in module.__version__.split(".")[:2])
    except (ImportError, ValueError) as error:
        if ways == "hub":
            raise Failure(69, f"--by hub: huggingface_hub cannot be used here: {error}") from None
        return None
    if version < OLDEST:
        if ways == "hub":
            raise Failure(
                69, f"--by hub: huggingface_hub {module.__version__} is too old, expected 0.23 or later"
            )
        return None
    return module


def by_library(ways, repository, commit, path, facts, work, part):
    """Whether the library has brought the file to `part`; else what it has of it is left there, for curl."""
    folder = work / FOLDER
    module = None if part.exists() else library(ways)
    if module:
        try:
            brought = module.hf_hub_download(
                repository,
                path,
                revision=commit,
                local_dir=folder,
                endpoint=endpoint(),
                token=token() or None if sends_token(endpoint()) else False,
            )
            os.replace(brought, part)
            if is_good(part, facts):
                return True
            part.unlink()
        except Exception as error:  # of any kind: curl tries the same, and says what is wrong
            first = (str(error) or type(error).__name__).splitlines()[0]
            print(f"fetch-model: {path}: huggingface_hub: {first[:200]}; going on with curl", file=sys.stderr)
    for rest in folder.rglob(f"*{facts[2]}.incomplete"):
        if not part.exists():
            os.replace(rest, part)
    return False


def clear(work):
    shutil.rmtree(work / FOLDER, ignore_errors=True)
