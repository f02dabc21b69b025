"""What scripts/fetch-model asks the Hugging Face hub, and how its files come: through curl, in one connection
after another."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

CHUNK = 1 << 20
MOST_FILES = 10_000
MOST_LISTING = 64 << 20  # bytes of the hub's answers
PATIENCE = 60  # seconds at under SLOWEST bytes a second before a connection is given up
SLOWEST = 1000


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def size_text(size):
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000


def endpoint():
    url = os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"
    if not url.startswith(("https://", "http://")):
        raise Failure(64, f'HF_ENDPOINT is "{url}", expected an address that starts with https://')
    return url


def hf_home():
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("HF_HOME") or pathlib.Path(cache) / "huggingface").expanduser()


def hub_cache():
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return pathlib.Path(os.environ[name]).expanduser()
    return hf_home() / "hub"


def token():
    if os.environ.get("HF_TOKEN"):
        return os.environ["HF_TOKEN"].strip()
    path = pathlib.Path(os.environ.get("HF_TOKEN_PATH") or hf_home() / "token")
    return path.read_text().strip() if path.is_file() else ""


def sends_token(url):
    """A token is a secret: it goes to the hub alone, through encryption or on this machine."""
    parts, hub = urllib.parse.urlsplit(url), urllib.parse.urlsplit(endpoint())
    private = parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")
    return private and (parts.scheme, parts.netloc) == (hub.scheme, hub.netloc)


def curl(url, arguments, retries):
    """Runs curl. The token goes through a pipe, since everyone can read a command line; curl itself drops it
    when it is sent on to another host."""
    if not re.fullmatch(r"https?://[\x21-\x7e]+", url) or '"' in url or "\\" in url:
        raise Failure(65, f"{url[:200]!r} is no address that a hub gives")
    config = f'url = "{url}"\n'
    secret = token()
    if secret and sends_token(url):
        if not re.fullmatch(r"[\x21-\x7e]+", secret) or '"' in secret or "\\" in secret:
            raise Failure(64, "HF_TOKEN holds characters that no token has")
        config += f'header = "Authorization: Bearer {secret}"\n'
    command = ["curl", "--disable", "--silent", "--show-error", "--fail", "--location", "--max-redirs", "10"]
    command += ["--proto", "=http,https", "--connect-timeout", "20", "--user-agent", "sora-gen-fetch-model"]
    command += [
        "--speed-limit",
        str(SLOWEST),
        "--speed-time",
        str(PATIENCE),
        "--write-out",
        "%{stderr}\\n%{http_code}",
    ]
    command += ["--retry", str(retries)] if retries else []
    try:
        process = subprocess.Popen(
            command + arguments + ["--config", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise Failure(
            69, "curl is not installed; install it, for example with: apt-get install curl"
        ) from None
    process.stdin.write(config.encode())
    process.stdin.close()
    process.stdin = None
    return process


def status_and_problem(said):
    """What curl writes at the end: its message, and the status of the answer."""
    problem, _, status = said.decode(errors="replace").rpartition("\n")
    return status, problem.strip()


def ask(url, what):
    """A JSON answer of the hub, and the address of its next page."""
    with tempfile.TemporaryDirectory() as folder:
        body, head = pathlib.Path(folder) / "body", pathlib.Path(folder) / "head"
        arguments = ["--output", str(body), "--dump-header", str(head), "--max-filesize", str(MOST_LISTING)]
        process = curl(url, arguments, retries=3)
        status, problem = status_and_problem(process.communicate()[1])
        if process.returncode != 0:
            if status in ("401", "403"):
                raise Failure(
                    77,
                    f"{what}: the hub wants to know who asks (status {status}); accept the model's terms "
                    "on its page and set HF_TOKEN",
                )
            if status == "404":
                raise Failure(66, f"{what}: there is no such model or revision at {endpoint()}")
            raise Failure(74, f"{what}: {problem or 'no answer'}; run again to go on")
        try:
            answer = json.loads(body.read_bytes())
        except (ValueError, RecursionError):
            raise Failure(
                65, f"{what}: {url} answers with something that is no JSON; is HF_ENDPOINT a hub?"
            ) from None
        links = re.findall(r'(?im)^link:.*?<([^>]+)>;\s*rel="next"', head.read_text(errors="replace"))
        return answer, urllib.parse.urljoin(url, links[-1]) if links else None


def plain_path(path):
    parts = path.split("/") if isinstance(path, str) else [""]
    plain = all(re.fullmatch(r"[\w.][\w. +=-]*", part) and part not in (".", "..") for part in parts)
    return plain and len(parts) <= 6


def listing(repository, revision):
    """The commit that a revision means now, and its files: path -> (size, kind of hash, hash)."""
    quoted = urllib.parse.quote(repository)
    base = f"{endpoint()}/api/models/{quoted}"
    about, _ = ask(f"{base}/revision/{urllib.parse.quote(revision, safe='')}", repository)
    commit = about.get("sha") if isinstance(about, dict) else None
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise Failure(65, f"{repository}: the hub names no commit; is HF_ENDPOINT a hub?")
    files, page, pages = {}, f"{base}/tree/{commit}?recursive=true", 0
    while page:
        entries, following = ask(page, repository)
        pages += 1
        if not isinstance(entries, list) or len(files) + len(entries) > MOST_FILES or pages > MOST_FILES:
            raise Failure(
                65, f"{repository}: the hub's list of files is no list, or has over {MOST_FILES} of them"
            )
        for entry in entries:
            if not isinstance(entry, dict) or entry.get("type") != "file":
                continue
            large = entry.get("lfs") or {}
            kind, digest = ("sha256", large.get("oid")) if large else ("git", entry.get("oid"))
            size = large.get("size", entry.get("size"))
            length = 64 if kind == "sha256" else 40
            sound = isinstance(size, int) and 0 <= size < 1 << 50 and isinstance(digest, str)
            if (
                not plain_path(entry.get("path"))
                or not sound
                or not re.fullmatch(f"[0-9a-f]{{{length}}}", digest)
            ):
                raise Failure(65, f"{repository}: the hub lists a file that no model has: {str(entry)[:200]}")
            files[entry["path"]] = (size, kind, digest)
        page = following if following != page else None
    return commit, files


def digest_of(path, kind):
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def is_good(path, facts):
    size, kind, digest = facts
    return path.is_file() and path.stat().st_size == size and digest_of(path, kind) == digest


class Meter:
    """What has come so far: a line on a terminal, else one for each file."""

    def __init__(self, total):
        self.total, self.done, self.start, self.last = total, 0, time.monotonic(), 0
        self.begun = 0  # bytes that were here before
        self.shown = sys.stderr.isatty()

    def show(self, partial, force=False):
        now = time.monotonic()
        if not self.shown or (not force and now - self.last < 0.5):
            return
        self.last = now
        have = self.done + partial
        rate = (have - self.begun) / max(now - self.start, 1e-3)
        share = 100 * have / self.total if self.total else 100
        text = f"{share:3.0f} %  {size_text(have)} of {size_text(self.total)}, {size_text(rate)}/s"
        print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.shown:
            print(file=sys.stderr)


def transfer(url, part, size, meter):
    """One connection: goes on from what is there. Returns what curl says of it: exit code, status, message.
    The bytes come through a pipe, so that curl ends when this script is killed, and writes nothing
    afterwards."""
    have = part.stat().st_size if part.exists() else 0
    process = curl(url, ["--continue-at", str(have)], retries=0)
    try:
        with open(part, "ab") as file:
            while block := process.stdout.read1(CHUNK):
                have += len(block)
                if have > size:  # a server that sends more than it lists would fill the disk
                    process.kill()
                    process.communicate()
                    return TOO_LARGE, "", "more bytes than listed"
                file.write(block)
                meter.show(have)
        _, said = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process.returncode, *status_and_problem(said)


# curl's exit codes
CANNOT_RANGE, HTTP_ERROR, TOO_LARGE = (33, 36), 22, 63


def download(url, part, facts, meter, tries):
    size, left, wrong, furthest = facts[0], tries, 0, 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        if have == size:
            part.touch()
            if is_good(part, facts):
                return
            part.unlink()
            wrong, furthest = wrong + 1, 0
            if wrong >= 3:
                raise Failure(
                    65,
                    f"{url}: three times its bytes are not those of the hash that is listed for it; the "
                    "server, or something between, damages or changes them",
                )
            have = 0
        code, status, problem = transfer(url, part, size, meter)
        if code in CANNOT_RANGE or status == "416" or code == TOO_LARGE:
            part.unlink(missing_ok=True)  # from the beginning, then
        if code == HTTP_ERROR and status in ("401", "403"):
            raise Failure(
                77, f"{url}: status {status}; accept the model's terms on its page and set HF_TOKEN"
            )
        if code == HTTP_ERROR and status == "404":
            raise Failure(66, f"{url}: is not there, though it is listed")
        now = part.stat().st_size if part.exists() else 0
        if code == 0 and now == size:
            continue
        further = now > furthest
        left = tries if further else left - 1  # whatever comes further than before has its tries again
        furthest = max(furthest, now)
        if left <= 0:
            reason = problem or f"the connection ends after {now} of {size} bytes"
            raise Failure(74, f"{url}: {reason}; run again to go on from there")
        time.sleep(0 if further else min(2 ** (tries - left) / 8, 15))
