"""The subjects of a clip and its camera: where they are at which time, how large, and what they leave behind
them.
"""

import math

import figures
import land
import numpy as np
import stage
from attributes import COLOURS, RGB, SUBJECT_MOTIONS, SUBJECTS

# height of a subject over the frame's height; what flies or swims has the height v of its middle, what stands
# has its feet on the ground
SIZE = {
    "none": 0.3,
    "boat": 0.50,
    "car": 0.31,
    "ball": 0.31,
    "bird": 0.36,
    "balloon": 0.56,
    "person": 0.47,
    "astronaut": 0.46,
    "dog": 0.36,
    "fish": 0.34,
    "butterfly": 0.34,
    "train": 0.32,
}
ALOFT = {"bird": 0.33, "balloon": 0.37, "butterfly": 0.46, "fish": 0.46}
GROUND = {
    "sea": 0.80,
    "mountains": 0.86,
    "city": 0.90,
    "forest": 0.90,
    "desert": 0.905,
    "snow": 0.91,
    "beach": 0.90,
    "meadow": 0.92,
    "underwater": 0.88,
    "moon": 0.89,
}
# the level of the water that mirrors a subject
WATER = {"sea": 0.58, "mountains": 0.62, "beach": 0.52}
SIDEWAYS = {
    "car": 1.15,
    "train": 1.1,
    "boat": 0.75,
    "bird": 1.0,
    "dog": 0.95,
    "person": 0.62,
    "astronaut": 0.55,
    "ball": 1.0,
    "balloon": 0.55,
    "fish": 0.8,
    "butterfly": 0.75,
}


# width over height of the shadow of what stands on the ground or flies low
WIDTH = {
    "car": 1.3,
    "person": 0.45,
    "dog": 1.0,
    "ball": 0.75,
    "train": 1.6,
    "astronaut": 0.55,
    "balloon": 0.5,
    "butterfly": 0.5,
}

PAN = 0.40  # how far the camera pans in a clip, in heights of the frame


class Way:
    """Where a subject is at clip time p (0 to 1 in the clip, beyond for what comes before and after)."""

    def __init__(self, a, numbers, aspect, size):
        self.a, self.numbers, self.aspect, self.size = a, numbers, aspect, size
        kind = a["subject"]
        self.ground = 0.90 if kind == "train" else GROUND[a["scene"]]
        self.rest = ALOFT[kind] + (numbers[1] - 0.5) * 0.04 if kind in ALOFT else self.ground - 0.5 * size
        if kind == "boat" and a["scene"] == "beach":
            self.rest = 0.70 - 0.5 * size

    def at(self, p):
        """-> place u on the screen, height v of the middle, how far it has gone, squash of a ball."""
        a, motion = self.a, self.a["motion"]
        kind = a["subject"]
        reach = self.reach()
        u, v, squash = (self.numbers[0] - 0.5) * 0.14 * self.aspect, self.rest, 1.0
        gone = 0.0
        if motion in ("left", "right"):
            gone = 2 * reach * p
            if a["camera"] not in ("follow", "orbit"):
                u = u * 0.5 + reach * (2 * p - 1) * (1 if motion == "right" else -1)
            else:
                u = u * 0.5 - (0.10 * self.aspect if motion == "right" else -0.10 * self.aspect)
            if kind == "ball":
                v -= 0.10 * abs(math.sin(p * math.pi * 2 + 0.4))
        elif motion in ("up", "down"):
            top, low = (0.30, 0.70) if kind != "ball" else (0.25, self.rest)
            v = low + (top - low) * (p if motion == "up" else 1 - p)
            u += 0.03 * math.sin(3 * p + 1.5)
        elif motion == "bounce":
            beat = (p * 2 + 0.2) % 1.0
            height = 4 * beat * (1 - beat)
            v = self.rest - 0.42 * height
            squash = 1 - 0.26 * max(0.0, 1 - height / 0.16)
        if kind == "balloon":
            v += 0.012 * math.sin(5 * p + 1.5)
        if kind in ("butterfly", "fish"):
            v += 0.022 * math.sin(7 * p + 1.5)
        return u, v, gone, squash

    def reach(self):
        """Half of the way that the subject goes sideways in a clip."""
        kind = self.a["subject"]
        return min(0.5 * SIDEWAYS.get(kind, 0.8), max(0.5 * self.aspect - 0.30 * self.size, 0.14))


def part(a, rng):
    """A span of the way that a clip shows, for render(): half of it at least, and for what leaves the picture
    some of the way out."""
    out = 0.0 if a["camera"].startswith("zoom") else 0.3
    length = rng.uniform(0.5, 1.0)
    start = rng.uniform(-out, 1 + out - length)
    return start, start + length


def view(a, p, way):
    """The camera at clip time p."""
    camera, eye = a["camera"], stage.Eye(horizon=0.58)
    if camera == "pan left":
        eye.x = -PAN * (p - 0.5)
    elif camera == "pan right":
        eye.x = PAN * (p - 0.5)
    elif camera == "zoom in":
        eye.zoom = 1 + 0.42 * p
    elif camera == "zoom out":
        eye.zoom = 1.42 - 0.42 * p
    elif camera == "orbit":
        eye.orbit = (p - 0.5) * 0.55
    if camera in ("follow", "orbit") and a["motion"] in ("left", "right"):
        eye.x = way.at(p)[2] * (1 if a["motion"] == "right" else -1)
    return eye


class Cast:
    """A subject of a clip: its place, its looks, and what it leaves in water, on the ground and in the
    air."""

    def __init__(self, a, numbers, aspect, fps, shrink=1.0, aside=0.0, lift=0.0):
        self.a, self.kind, self.scene, self.fps = a, a["subject"], a["scene"], fps
        self.moving = a["motion"] in ("left", "right")
        self.size = SIZE[self.kind] * min(1.0, 0.35 + 0.75 * aspect) * shrink
        self.way = Way(a, numbers, aspect, self.size)
        self.aside, self.lift = aside, lift
        self.face = -1.0 if a["motion"] == "left" else 1.0
        self.colour = RGB[COLOURS.index(a["colour"])] * 1.0
        self.number = SUBJECTS.index(self.kind)
        self.form = (1 if a.get("woman") else 0) + (
            2 if self.kind == "person" and a["weather"] in ("rain", "storm") else 0
        )

    def draw(self, stage, cover, p):
        """Draws the subject at clip time p, with its mirror image, shadow and trail; `cover` is its mask."""
        u, v, gone, squash = self.way.at(p)
        u += self.aside
        v += self.lift
        if self.moving:
            u += stage.eye.offset(1.0)  # the camera pans beside what moves
        elif self.kind in ("balloon", "bird", "butterfly", "fish"):
            u += stage.eye.offset(1.0) * 0.4  # what is farther away goes by more slowly
        u, v, scale = stage.eye.place(u, v, 1.0)
        size = self.size * scale
        looks = self.looks(stage, gone)
        below = 9.0  # what lies deeper is hidden by the water
        if self.scene in WATER and self.kind in ("boat", "bird", "balloon"):
            below = self.mirror_in_water(stage, u, v, size, looks)
        elif self.kind in WIDTH and (
            self.kind not in ("balloon", "butterfly") or self.scene not in ("sea", "mountains")
        ):
            self.darken_ground(stage, u, v, size, scale, looks)
        place = (stage.img, cover, stage.aspect, self.number, u, v, size)
        figures.stamp(*place, self.face, squash, *looks, below, 1.0)
        self.trail(stage, u, v, size)

    def looks(self, stage, gone):
        """What figures.stamp and figures.reflect know of a subject, after the side that it faces."""
        lit = {"night": 1.0, "dusk": 0.8}.get(self.a["time"], 0.0) if self.scene != "underwater" else 0.0
        shade = stage.light.subject(np.ones(3))
        if self.scene == "underwater":
            shade = shade * np.array([0.86, 0.96, 1.0])
        return stage.t, gone / (self.size / 2), lit, self.form, self.colour, shade, figures.REACH[self.number]

    def mirror_in_water(self, stage, u, v, size, looks):
        """-> the level below which the water hides the subject."""
        lake = self.scene == "mountains"
        if self.kind == "boat":
            line = v + 0.72 * size / 2
            below, middle = line + 0.004, v
            share, rough, soft = 0.62, 1.0 if lake else 1.6, 0.5
        else:
            line = stage.eye.level(WATER[self.scene], 0.3)
            below, middle = 9.0, min(v, line - size * 0.3)
            share, rough, soft = 0.40 if lake else 0.20, 1.2, 1.5
        place = (stage.img, stage.aspect, self.number, u, line, middle, size)
        figures.reflect(*place, self.face, *looks, share, rough, soft)
        return below

    def darken_ground(self, stage, u, v, size, scale, looks):
        """A shadow, and on a wet street a mirror image."""
        ground = stage.eye.level(self.way.ground, 1.0)
        height = max(0.0, ground - (v + size / 2)) / 0.5
        strength = (0.42 if self.a["time"] == "day" else 0.36) * (1 - 0.55 * min(height, 1.0))
        if self.a["weather"] in ("rain", "storm") and self.scene == "city":
            place = (stage.img, stage.aspect, self.number, u, v + size / 2 - 0.01, v, size)
            figures.reflect(*place, self.face, *looks, 0.45, 0.9, 1.0)
        half = WIDTH[self.kind] * size / 2 * (1 - 0.35 * min(height, 1.0))
        land.shadow(stage.img, stage.aspect, u, ground - 0.004, half, 0.020 * scale, strength)

    def trail(self, stage, u, v, size):
        """Dust behind a car, smoke of a train, foam around a boat."""
        picture, seed = (stage.img, stage.aspect), stage.seed % 997
        tone = {"desert": (0.92, 0.74, 0.50), "snow": (0.98, 0.99, 1.0), "moon": (0.62, 0.62, 0.66)}.get(
            self.scene
        )
        if self.kind == "car" and self.moving and tone:
            begin = (u - self.face * size * 0.62, v + size * 0.42, size, self.face, stage.t)
            figures.puffs(*picture, *begin, 6, 1.5, 0.45, 0.10, 0.34, *stage.colour(tone), 0.75, seed)
        if self.kind == "train":
            begin = (u + self.face * size * 0.42, v - size * 0.55, size, self.face, stage.t)
            smoke = stage.colour((0.95, 0.95, 0.97))
            figures.puffs(*picture, *begin, 7, 2.4, 0.75, 0.10, 0.34, *smoke, 0.85, seed)
        if self.kind == "boat":
            strength = 0.85 if self.moving else 0.35
            line = (u, v + 0.72 * size / 2, size / 2, self.face, stage.t)
            figures.wake(*picture, *line, *stage.colour((0.97, 0.99, 1.0)), strength)


def companion(a, numbers, aspect, fps):
    """The second subject of a clip, smaller and beside the first."""
    also = a["also"]
    b = dict(a, subject=also["subject"], colour=also["colour"])
    if b["motion"] not in SUBJECT_MOTIONS[b["subject"]]:
        b["motion"] = (
            "still" if "still" in SUBJECT_MOTIONS[b["subject"]] else SUBJECT_MOTIONS[b["subject"]][0]
        )
    main_aloft, aloft = a["subject"] in ALOFT, b["subject"] in ALOFT
    if main_aloft and aloft:
        return Cast(b, numbers, aspect, fps, 0.62, 0.30 * aspect, -0.10)
    if aloft:
        return Cast(b, numbers, aspect, fps, 0.62, 0.24 * aspect, -0.08)
    return Cast(b, numbers, aspect, fps, 0.80, 0.30 * aspect, -0.02)
