"""Captions of the attributes of a clip in many wordings, short and long, and all words that they can hold."""

import re

import numpy as np
import phrases
import tongues
import world


def choose(options, rng):
    return options[rng.randint(len(options))]


def article(text):
    """ "a" or "an" in front, as the first sound asks for."""
    return ("an " if text[0] in "aeio" or text.startswith("umbrella") else "a ") + text


def thing(kind, colour, woman, rng, bare=False):
    """A subject and its colour: "a red boat", "a woman in red", "red boat"."""
    noun = choose(phrases.NOUN[kind], rng)
    if kind == "person" and woman is not None and (woman or rng.rand() < 0.85):
        noun = choose(phrases.WOMAN if woman else phrases.MAN, rng)
    shade = choose(phrases.SHADE[colour], rng) if colour else ""
    if not shade:
        text = noun
    elif kind in ("person", "astronaut"):
        garment = (
            choose(["coat", "jacket", "coat"], rng)
            if kind == "person"
            else choose(["suit", "space suit"], rng)
        )
        text = noun + choose(
            [" in {0}", " dressed in {0}", " wearing {0}", " in a {0} {1}", " with a {0} {1}"], rng
        ).format(shade, garment)
        text = re.sub(r"\ba (?=[aeio])", "an ", text)
    else:
        text = (choose(["big ", "beautiful "], rng) if rng.rand() < 0.12 else "") + shade + " " + noun
    if bare:
        return text
    return choose(
        [
            article(text),
            article(text),
            article(text),
            "one " + text if kind != "fish" else article(text),
            "the " + text,
        ],
        rng,
    )


def movement(a, rng):
    """What the subject does."""
    kind, motion = a["subject"], a["motion"]
    if motion in ("left", "right"):
        go = choose(phrases.GO[kind], rng)
        if rng.rand() < 0.4:
            go = phrases.GOES[go]
        if world.usual(a, "motion") and rng.rand() < 0.3:
            return go
        return go + " " + choose(phrases.LEFT if motion == "left" else phrases.RIGHT, rng)
    if motion == "up":
        return choose(phrases.UP + [phrases.UP_OWN.get(kind, "rising")], rng)
    if motion == "down":
        return choose(phrases.DOWN + [phrases.DOWN_OWN.get(kind, "sinking")], rng)
    if motion == "bounce":
        return choose(phrases.BOUNCE, rng)
    return choose(phrases.STILL + [phrases.STILL_OWN.get(kind, "standing still")], rng)


def core(a, rng, keep):
    """The subject, what it does and who is with it."""
    colour = a["colour"] if keep("colour", 0.6) else ""
    text = thing(a["subject"], colour, a.get("woman"), rng)
    if keep("motion", 0.4):
        text += " " + movement(a, rng)
    also = a.get("also")
    if also:
        other = article(thing(also["subject"], also["colour"], None, rng, bare=True))
        text = choose([text + " and " + other, text + " with " + other, text + " beside " + other], rng)
    for key in ((a["subject"], a["scene"]), (a["subject"], a["weather"]), (a["subject"], "")):
        if (
            key in phrases.EXTRA
            and rng.rand() < 0.22
            and (a["motion"] in ("left", "right") or key[0] != "car")
        ):
            text += choose([", ", " "], rng) + choose(phrases.EXTRA[key], rng)
            break
    return text


def nouns(a):
    """All words for the subject."""
    return phrases.NOUN[a["subject"]] + (phrases.WOMAN + phrases.MAN if a["subject"] == "person" else [])


def places(a):
    """All phrases for where it is."""
    neon = a["scene"] == "city" and a["time"] in ("night", "dusk")
    return phrases.WHERE[a["scene"]] + (phrases.NEON["where"] if neon else [])


def skies(a, rng):
    if a["scene"] in ("underwater", "moon"):
        return ""
    if a["weather"] == "storm":
        return choose(phrases.STORM["sea" if a["scene"] in ("sea", "beach") else "other"], rng)
    return choose(phrases.SKIES[a["weather"]], rng)


def short(a, rng):
    """A few words without a sentence: "red balloon mountain lake sunset", "neon street at night"."""
    neon = a["scene"] == "city" and a["time"] in ("night", "dusk") and rng.rand() < 0.6
    parts = []
    if a["subject"] != "none":
        parts.append(
            thing(
                a["subject"],
                a["colour"] if rng.rand() < 0.5 or not world.usual(a, "colour") else "",
                a.get("woman"),
                rng,
                bare=rng.rand() < 0.7,
            )
        )
    if not parts or rng.rand() < 0.4 or not world.usual(a, "scene"):
        if parts and rng.rand() < 0.6:
            parts.append(choose(phrases.NEON["where"] if neon else phrases.WHERE[a["scene"]], rng))
        else:
            parts.append(
                re.sub(
                    "^(an?|the) ", "", choose(phrases.NEON["view"] if neon else phrases.VIEW[a["scene"]], rng)
                )
            )
    if rng.rand() < 0.3 or not world.usual(a, "time"):
        parts.append(choose(phrases.WHEN[a["time"]], rng))
    if a["weather"] != "clear":
        parts.append(skies(a, rng))
    return choose([" ", " ", ", "], rng).join(parts)


def sentence(a, rng, complete):
    whole = complete or rng.rand() < 0.7

    def keep(key, chance):
        return whole or not world.usual(a, key) or rng.rand() < chance

    neon = a["scene"] == "city" and a["time"] in ("night", "dusk") and rng.rand() < 0.55
    when = choose(phrases.WHEN[a["time"]], rng) if keep("time", 0.4) and a["scene"] != "moon" else ""
    if a["weather"] != "clear" and when in ("on a sunny day", "on a bright day", "in the sunshine"):
        when = "by day"
    if a["weather"] != "clear" and when in ("under the stars", "in the evening sun", "in moonlight"):
        when = {"night": "at night", "sunset": "at sunset"}[a["time"]]
    sky = skies(a, rng) if keep("weather", 0.3) else ""
    if sky == "on a rainy day" and a["time"] != "day":
        sky = "in the rain"
    shot = choose(phrases.SHOT[a["camera"].replace(" ", "_")], rng) if keep("camera", 0.2) else ""
    if a["subject"] == "none":
        start = choose(["", "", "", "a view of ", "an empty view of "], rng)
        text, where = start + choose(phrases.NEON["view"] if neon else phrases.VIEW[a["scene"]], rng), ""
    else:
        text = core(a, rng, keep)
        where = (
            choose(phrases.NEON["where"] if neon else phrases.WHERE[a["scene"]], rng)
            if keep("scene", 0.5)
            else ""
        )
    order = rng.rand()
    if order < 0.62:
        text = " ".join(x for x in (text, where, when) if x)
    elif order < 0.80 and when:
        text = when + ", " + " ".join(x for x in (text, where) if x)
    elif order < 0.90 and where and not where.startswith(("down ", "past ", "through ")):
        text = ", ".join((" ".join(x for x in (where, when) if x), text))
    else:
        text = ", ".join(x for x in (" ".join(x for x in (text, where) if x), when) if x)
    for more in [sky, shot] if rng.rand() < 0.8 else [shot, sky]:
        if more:
            joined = (
                more == sky
                and more.split()[0] in ("in", "with", "under", "while", "as", "on")
                and rng.rand() < 0.6
            )
            text += (" " if joined else ", ") + more
    return text


def caption(a, rng, complete=False):
    """A random wording of the attributes. Unless a complete one is asked for, a third leave out something of
    what is usual (world.usual), and some are in another language."""
    brief = world.usual(a, "camera") and (a["subject"] == "none" or world.usual(a, "motion"))
    if not complete and world.usual(a, "camera") and not a.get("also") and rng.rand() < 0.2:
        return tongues.caption(a, rng)
    if not complete and brief and not a.get("also") and rng.rand() < 0.5:
        text = short(a, rng)
    else:
        text = sentence(a, rng, complete)
    if rng.rand() < 0.07:
        text = choose(phrases.LEAD, rng) + " " + text
    end = choose(phrases.END, rng) if rng.rand() < 0.3 else ""
    if end:
        text += ", " + end
    if rng.rand() < 0.3:
        text = text[0].upper() + text[1:] + "."
    return text


def split(text):
    """The words of a caption as the program counts them: letters with hyphens between; what is not ASCII
    counts as a letter."""
    return re.findall(
        r"[a-z\x80-\U0010ffff]+(?:-[a-z\x80-\U0010ffff]+)*",
        re.sub("[A-Z]", lambda m: m.group().lower(), text),
    )


def words():
    """All words that captions can hold, sorted."""
    rng = np.random.RandomState(0)
    found = set()
    for _ in range(40000):
        found |= set(split(caption(world.draw(rng), rng)))
    return sorted(found)
