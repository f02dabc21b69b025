"""How many frames of a video decode, by ffprobe. A module, not a script; needs no numpy."""

import subprocess


def decoded_frames(file=None, data=None):
    """Of a file or of bytes; -1 where ffprobe complains of anything."""
    words = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0"]
    words += ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", file or "-"]
    run = subprocess.run(words, input=data, capture_output=True)
    return -1 if run.stderr else int(run.stdout.decode().strip().rstrip(",") or -1)
