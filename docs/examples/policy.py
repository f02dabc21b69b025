#!/usr/bin/env python3
"""An example of a policy for sora-gen: refuses words of a list, and keeps a record of what was allowed.

    sora-gen --policy "python3 /etc/sora-gen/policy.py /etc/sora-gen/words.txt" --prompt "..."

It gets the request as JSON on its standard input, ends with 0 to allow it and with 77 to refuse it, and
prints the reason. Any other end (a bug in here, for one) refuses, too.
"""

import json
import re
import sys
import time

REFUSED = 77


def refuse(reason: str) -> None:
    print(reason)
    sys.exit(REFUSED)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        words = {line.strip().lower() for line in file if line.strip()}
    asked = json.load(sys.stdin)
    for text in asked["texts"]:
        found = words & set(re.findall(r"\w+", text.lower()))
        if found:
            refuse(f"the prompt has the word {sorted(found)[0]!r}")
    if asked["stage"] == "result":
        # Frames from all of the video in one picture, before the video gets its name. A classifier of
        # pictures would look at it here.
        with open(asked["contact_sheet"], "rb") as file:
            if not file.read(8).startswith(b"\x89PNG"):
                refuse("there is no picture to look at")
        with open("/var/log/sora-gen.jsonl", "a", encoding="utf-8") as record:
            entry = {"time": time.time(), "texts": asked["texts"], "output": asked["plan"]["output"]}
            record.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main()
