"""The procedural world: short stylised clips with exact attributes and a subject mask.

    attributes = sample(rng)                        # a dict, see SCENES ... CAMERAS
    clip, mask = render(attributes, seed, frames=17, height=128, width=128)
    text = wording.caption(attributes, rng)

A clip is a deterministic function of (attributes, seed, size).  Scenes are drawn by nature.py and town.py, subjects by figures.py.
"""

import math

import numpy as np

import figures
import land
import light
import nature
import stage
import town
import weather

SCENES = ["sea", "mountains", "city", "forest", "desert", "snow", "beach", "meadow", "underwater", "moon"]
TIMES = ["day", "sunrise", "sunset", "dusk", "night"]
WEATHER = ["clear", "cloudy", "rain", "storm", "snowfall", "mist"]
SUBJECTS = figures.KINDS
COLOURS = ["none", "red", "blue", "green", "yellow", "white", "purple", "orange", "pink"]
MOTIONS = ["still", "left", "right", "up", "down", "bounce"]
CAMERAS = ["static", "pan left", "pan right", "zoom in", "zoom out", "follow", "orbit"]
ATTRIBUTES = {
    "scene": SCENES,
    "time": TIMES,
    "weather": WEATHER,
    "subject": SUBJECTS,
    "colour": COLOURS,
    "motion": MOTIONS,
    "camera": CAMERAS,
}
RGB = np.array(
    [
        [0, 0, 0],
        [0.90, 0.12, 0.13],
        [0.12, 0.36, 0.95],
        [0.10, 0.66, 0.26],
        [1.0, 0.82, 0.10],
        [0.97, 0.97, 0.98],
        [0.56, 0.20, 0.80],
        [1.0, 0.50, 0.08],
        [1.0, 0.48, 0.70],
    ]
)

# which subjects a scene can hold, and which motions a subject can make
SCENE_SUBJECTS = {
    "sea": ["boat", "boat", "bird", "balloon"],
    "mountains": ["boat", "bird", "balloon", "balloon"],
    "city": ["car", "person", "person", "dog", "ball"],
    "forest": ["person", "dog", "bird", "car", "butterfly"],
    "desert": ["car", "car", "astronaut", "balloon", "train"],
    "snow": ["person", "dog", "car", "train", "ball"],
    "beach": ["ball", "dog", "person", "bird", "boat"],
    "meadow": ["butterfly", "dog", "balloon", "train", "ball", "person"],
    "underwater": ["fish"],
    "moon": ["astronaut", "car", "ball"],
}
SCENE_WEATHER = {
    "sea": ["cloudy", "rain", "storm", "storm", "mist"],
    "mountains": ["cloudy", "rain", "mist", "mist", "snowfall"],
    "city": ["cloudy", "rain", "rain", "rain", "snowfall", "mist", "storm"],
    "forest": ["cloudy", "rain", "mist", "mist", "snowfall"],
    "desert": ["cloudy", "storm"],
    "snow": ["cloudy", "snowfall", "snowfall", "mist"],
    "beach": ["cloudy", "rain", "storm"],
    "meadow": ["cloudy", "rain", "mist", "storm"],
    "underwater": [],
    "moon": [],
}
SUBJECT_MOTIONS = {
    "none": ["still"],
    "boat": ["left", "right", "still"],
    "car": ["left", "right", "left", "right", "still"],
    "person": ["left", "right", "left", "right", "still"],
    "astronaut": ["left", "right", "still"],
    "dog": ["left", "right", "left", "right", "still"],
    "train": ["left", "right"],
    "ball": ["left", "right", "up", "down", "bounce"],
    "bird": ["left", "right", "up", "down"],
    "butterfly": ["left", "right", "up", "down"],
    "fish": ["left", "right", "left", "right", "up", "down"],
    "balloon": ["left", "right", "up", "down", "still"],
}
# height of a subject over the frame's height; what flies or swims has the height v of its middle, what stands has its feet on the ground
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


class Way:
    """Where a subject is at clip time p (0 to 1 in the clip, beyond for what comes before and after)."""

    def __init__(self, a, numbers, aspect, size):
        self.a, self.numbers, self.aspect, self.size = a, numbers, aspect, size
        kind = a["subject"]
        self.ground = 0.90 if kind == "train" else GROUND[a["scene"]]
        self.rest = ALOFT[kind] + (numbers[1] - 0.5) * 0.06 if kind in ALOFT else self.ground - 0.5 * size
        if kind == "boat" and a["scene"] == "beach":
            self.rest = 0.70 - 0.5 * size

    def at(self, p):
        """-> place u on the screen, height v of the middle, how far it has gone, squash of a ball."""
        a, motion = self.a, self.a["motion"]
        kind = a["subject"]
        reach = self.reach()
        u, v, squash = (self.numbers[0] - 0.5) * 0.22 * self.aspect, self.rest, 1.0
        gone = 0.0
        if motion in ("left", "right"):
            gone = 2 * reach * p
            if a["camera"] not in ("follow", "orbit"):
                u = reach * (2 * p - 1) * (1 if motion == "right" else -1)
            else:
                u = u * 0.5 - (0.10 * self.aspect if motion == "right" else -0.10 * self.aspect)
            if kind == "ball":
                v -= 0.10 * abs(math.sin(p * math.pi * 2 + 2 * self.numbers[2]))
        elif motion in ("up", "down"):
            top, low = (0.30, 0.70) if kind != "ball" else (0.25, self.rest)
            v = low + (top - low) * (p if motion == "up" else 1 - p)
            u += 0.03 * math.sin(3 * p + 6 * self.numbers[2])
        elif motion == "bounce":
            beat = (p * 2 + self.numbers[2]) % 1.0
            height = 4 * beat * (1 - beat)
            v = self.rest - 0.42 * height
            squash = 1 - 0.26 * max(0.0, 1 - height / 0.16)
        if kind == "balloon":
            v += 0.012 * math.sin(5 * p + 6 * self.numbers[3])
        if kind in ("butterfly", "fish"):
            v += 0.022 * math.sin(7 * p + 6 * self.numbers[3])
        return u, v, gone, squash

    def reach(self):
        """Half of the way that the subject goes sideways in a clip."""
        kind = self.a["subject"]
        return min(0.5 * SIDEWAYS.get(kind, 0.8), max(0.5 * self.aspect - 0.30 * self.size, 0.14))


def part(a, rng):
    """A span of the way that a clip shows, for render(): half of it at least, and for what leaves the picture some of the way out."""
    out = 0.0 if a["camera"].startswith("zoom") else 0.3
    length = rng.uniform(0.5, 1.0)
    start = rng.uniform(-out, 1 + out - length)
    return start, start + length


def view(a, numbers, p, way):
    """The camera at clip time p."""
    camera, eye = a["camera"], stage.Eye(horizon=0.58)
    amount = 0.34 + 0.14 * numbers[0]
    if camera == "pan left":
        eye.x = -amount * (p - 0.5)
    elif camera == "pan right":
        eye.x = amount * (p - 0.5)
    elif camera == "zoom in":
        eye.zoom = 1 + 0.42 * p
    elif camera == "zoom out":
        eye.zoom = 1.42 - 0.42 * p
    elif camera == "orbit":
        eye.orbit = (p - 0.5) * 0.55 * (1 if numbers[1] < 0.5 else -1)
    if camera in ("follow", "orbit") and a["motion"] in ("left", "right"):
        eye.x = way.at(p)[2] * (1 if a["motion"] == "right" else -1)
    return eye


DRAW = {
    name: (getattr(nature, name + "_back", None), getattr(nature, name + "_front", None)) for name in SCENES
}
DRAW["city"] = (town.city_back, town.city_front)


class Cast:
    """A subject of a clip: its place, its looks, and what it leaves in water, on the ground and in the air."""

    def __init__(self, a, numbers, aspect, fps, shrink=1.0, aside=0.0, lift=0.0):
        self.a, self.kind, self.fps = a, a["subject"], fps
        self.size = SIZE[self.kind] * (0.88 + 0.24 * numbers[4]) * min(1.0, 0.35 + 0.75 * aspect) * shrink
        self.way = Way(a, numbers, aspect, self.size)
        self.aside, self.lift = aside, lift
        self.face = -1.0 if a["motion"] == "left" or (a["motion"] != "right" and numbers[5] < 0.5) else 1.0
        self.colour = RGB[COLOURS.index(a["colour"])] * 1.0
        self.number = SUBJECTS.index(self.kind)
        self.form = (1 if a.get("woman") else 0) + (
            2 if self.kind == "person" and a["weather"] in ("rain", "storm") else 0
        )

    def draw(self, s, cover, p, main_way):
        a = self.a
        u, v, gone, squash = self.way.at(p)
        u += self.aside
        v += self.lift
        if a["motion"] in ("left", "right") and a["camera"] not in ("follow", "orbit"):
            u += s.eye.offset(1.0)  # the camera pans beside what moves
        elif a["camera"] in ("follow", "orbit") and a["motion"] in ("left", "right"):
            u += s.eye.offset(1.0)
        if self.kind in ("balloon", "bird", "butterfly", "fish") and a["motion"] not in ("left", "right"):
            u += s.eye.offset(1.0) * 0.4  # what is farther away goes by more slowly
        u, v, scale = s.eye.place(u, v, 1.0)
        size = self.size * scale
        lit = {"night": 1.0, "dusk": 0.8}.get(a["time"], 0.0) if a["scene"] != "underwater" else 0.0
        shade = s.light.subject(np.ones(3))
        if a["scene"] == "underwater":
            shade = shade * np.array([0.86, 0.96, 1.0])
        args = (
            self.face,
            s.t,
            gone / (self.size / 2),
            lit,
            self.form,
            self.colour,
            shade,
            figures.REACH[self.number],
        )
        below = 9.0
        ground = s.eye.level(self.way.ground, 1.0)
        if a["scene"] in WATER and self.kind in ("boat", "bird", "balloon"):
            if self.kind == "boat":
                line = v + 0.72 * size / 2
                below = line + 0.004
                figures.reflect(
                    s.img,
                    s.aspect,
                    self.number,
                    u,
                    line,
                    v,
                    size,
                    *args,
                    0.62,
                    1.0 if a["scene"] == "mountains" else 1.6,
                    0.5,
                )
            else:
                line = s.eye.level(WATER[a["scene"]], 0.3)
                figures.reflect(
                    s.img,
                    s.aspect,
                    self.number,
                    u,
                    line,
                    min(v, line - size * 0.3),
                    size,
                    *args,
                    0.40 if a["scene"] == "mountains" else 0.20,
                    1.2,
                    1.5,
                )
        elif self.kind in ("car", "person", "dog", "ball", "train", "astronaut") or (
            self.kind in ("balloon", "butterfly") and a["scene"] not in ("sea", "mountains")
        ):
            height = max(0.0, ground - (v + size / 2)) / 0.5
            wide = {
                "car": 1.3,
                "person": 0.45,
                "dog": 1.0,
                "ball": 0.75,
                "train": 1.6,
                "astronaut": 0.55,
                "balloon": 0.5,
                "butterfly": 0.5,
            }[self.kind]
            strength = (0.42 if a["time"] == "day" else 0.36) * (1 - 0.55 * min(height, 1.0))
            if a["weather"] in ("rain", "storm") and a["scene"] == "city":
                figures.reflect(
                    s.img, s.aspect, self.number, u, v + size / 2 - 0.01, v, size, *args, 0.45, 0.9, 1.0
                )
            land.shadow(
                s.img,
                s.aspect,
                u,
                ground - 0.004,
                wide * size / 2 * (1 - 0.35 * min(height, 1.0)),
                0.020 * scale,
                strength,
            )
        figures.stamp(s.img, cover, s.aspect, self.number, u, v, size, args[0], squash, *args[1:], below, 1.0)
        self.trail(s, u, v, size, gone)

    def trail(self, s, u, v, size, gone):
        a, moving = self.a, self.a["motion"] in ("left", "right")
        tone = {"desert": (0.92, 0.74, 0.50), "snow": (0.98, 0.99, 1.0), "moon": (0.62, 0.62, 0.66)}.get(
            a["scene"]
        )
        if self.kind == "car" and moving and tone:
            figures.puffs(
                s.img,
                s.aspect,
                u - self.face * size * 0.62,
                v + size * 0.42,
                size,
                self.face,
                s.t,
                6,
                1.5,
                0.45,
                0.10,
                0.34,
                *s.colour(tone),
                0.75,
                s.seed % 997,
            )
        if self.kind == "train":
            figures.puffs(
                s.img,
                s.aspect,
                u + self.face * size * 0.42,
                v - size * 0.55,
                size,
                self.face,
                s.t,
                7,
                2.4,
                0.75,
                0.10,
                0.34,
                *s.colour((0.95, 0.95, 0.97)),
                0.85,
                s.seed % 997,
            )
        if self.kind == "boat":
            bright = s.colour((0.97, 0.99, 1.0))
            figures.wake(
                s.img,
                s.aspect,
                u,
                v + 0.72 * size / 2,
                size / 2,
                self.face,
                s.t,
                *bright,
                0.85 if moving else 0.35,
            )


def render(a, seed, frames=17, height=128, width=128, fps=8, span=(0.0, 1.0)):
    """-> (clip uint8 [frames,height,width,3], mask uint8 [1+(frames-1)/4, height/8, width/8]: share of each cell that the subject covers in any
    frame of its group of four, 0 to 255).  The clip shows `span` of the way of its subject and camera: the whole of it, or a part, as what
    goes on from another clip would."""
    numbers = np.random.RandomState(seed % 2**31).rand(12)
    aspect = width / height
    clip = np.empty((frames, height, width, 3), np.uint8)
    cells = np.empty((frames, height // 8, width // 8), np.float32)
    main = Cast(a, numbers, aspect, fps) if a["subject"] != "none" else None
    second = None
    if a.get("also"):
        second = companion(a, numbers, aspect, fps)
    wind = {"storm": 2.4, "rain": 1.2, "clear": 0.6, "mist": 0.3}.get(a["weather"], 0.8)
    begin = numbers[6] * 10
    duration = (frames - 1) / fps / max(span[1] - span[0], 1e-6) if frames > 1 else 2.0
    for f in range(frames):
        p = span[0] + (span[1] - span[0]) * f / max(frames - 1, 1)
        t = begin + p * duration
        img = np.empty((height, width, 3), np.float32)
        cover = np.zeros((height, width), np.float32)
        strike = None
        if a["weather"] == "storm":
            since = (t - numbers[7]) % 1.9
            strike = (
                float(numbers[8]) * 0.7 - 0.35,
                int(numbers[9] * 1e6) + int((t - numbers[7]) // 1.9),
                max(0.0, 1 - since / 0.32),
            )
        lamp = light.light(
            a["time"], a["weather"], np.random.RandomState(seed % 2**31 + 1), strike[2] if strike else 0.0
        )
        s = stage.Stage(
            img,
            lamp,
            view(a, numbers[10:], p, main.way if main else None),
            t,
            seed % 2**31,
            wind,
            strike,
            a["subject"] == "train",
        )
        back, front = DRAW[a["scene"]]
        back(s)
        if second:
            second.draw(s, cover, p, main.way)
        if main:
            main.draw(s, cover, p, main.way)
        front(s)
        falls(s, a)
        weather.vignette(img, 0.22)
        clip[f] = (np.clip(img, 0, 1) * 255 + 0.5).astype(np.uint8)
        cells[f] = cover.reshape(height // 8, 8, width // 8, 8).mean((1, 3))
    groups = [cells[0]] + [cells[1 + 4 * k : 5 + 4 * k].max(0) for k in range((frames - 1) // 4)]
    return clip, (np.minimum(np.stack(groups), 1) * 255 + 0.5).astype(np.uint8)


def falls(s, a):
    """What falls in front of everything."""
    shift = s.seed % 9973
    if a["weather"] == "rain":
        weather.rain(s.img, s.aspect, s.t, shift, 34, 0.06, 1.9, 0.075, 0.50)
    elif a["weather"] == "storm":
        weather.rain(s.img, s.aspect, s.t, shift, 46, 0.34, 2.3, 0.095, 0.45)
    elif a["weather"] == "snowfall":
        weather.snow(s.img, s.aspect, s.t, shift, 34, 0.92)
    elif a["weather"] == "mist":
        weather.mist(
            s.img,
            s.aspect,
            s.eye.level(0.72, 0.8),
            0.10,
            s.colour((1, 1, 1), 0.8),
            0.30,
            s.t,
            s.eye.offset(0.8),
            shift,
        )


def companion(a, numbers, aspect, fps):
    """The second subject of a clip, smaller and beside the first."""
    also = a["also"]
    b = dict(a, subject=also["subject"], colour=also["colour"])
    if b["motion"] not in SUBJECT_MOTIONS[b["subject"]]:
        b["motion"] = (
            "still" if "still" in SUBJECT_MOTIONS[b["subject"]] else SUBJECT_MOTIONS[b["subject"]][0]
        )
    own = np.roll(numbers, 3)
    main_aloft, aloft = a["subject"] in ALOFT, b["subject"] in ALOFT
    side = 1 if numbers[0] < 0.5 else -1
    if main_aloft and aloft:
        return Cast(b, own, aspect, fps, 0.62, side * 0.30 * aspect, -0.10 if numbers[1] < 0.5 else 0.16)
    if aloft:
        return Cast(b, own, aspect, fps, 0.62, side * 0.24 * aspect, -0.08)
    return Cast(b, own, aspect, fps, 0.80, side * 0.30 * aspect, -0.02)


# ---------------------------------------------------------------- attributes
PAIRS = {
    "sea": [
        ("boat", "boat"),
        ("boat", "bird"),
        ("boat", "balloon"),
        ("balloon", "balloon"),
        ("balloon", "boat"),
    ],
    "mountains": [("balloon", "balloon"), ("boat", "balloon"), ("balloon", "boat"), ("boat", "bird")],
    "city": [("person", "dog"), ("person", "person"), ("car", "car")],
    "forest": [("person", "dog"), ("dog", "butterfly"), ("bird", "bird")],
    "desert": [("car", "balloon"), ("balloon", "balloon"), ("astronaut", "astronaut")],
    "snow": [("person", "dog"), ("person", "person")],
    "beach": [("dog", "ball"), ("person", "dog"), ("ball", "ball"), ("boat", "bird")],
    "meadow": [("butterfly", "butterfly"), ("dog", "butterfly"), ("balloon", "balloon"), ("person", "dog")],
    "underwater": [("fish", "fish")],
    "moon": [("astronaut", "astronaut"), ("astronaut", "car")],
}


def held_out(a):
    """True for the tenth of the combinations (scene, time, subject, colour, motion) that training never sees."""
    n = 0
    for k in ("scene", "time", "subject", "colour", "motion"):
        n = n * 31 + ATTRIBUTES[k].index(a[k]) + 1
    return a["subject"] != "none" and (n * 2654435761 % 2**32) / 2**32 < 0.1


def draw(rng):
    """Random attributes of a clip."""
    choose = lambda options: options[rng.randint(len(options))]  # noqa: E731
    scene = choose(SCENES + ["sea", "mountains", "city", "desert"])
    subject = "none" if rng.rand() < 0.16 else choose(SCENE_SUBJECTS[scene])
    weather_now = choose(["clear"] * 3 + SCENE_WEATHER[scene]) if SCENE_WEATHER[scene] else "clear"
    time = choose(["day", "day", "sunset", "night", "sunrise", "dusk", "sunset", "night"])
    if scene == "moon":
        time = "night"
    motion = choose(SUBJECT_MOTIONS[subject])
    camera = "static" if rng.rand() < 0.40 else choose(CAMERAS[1:5])
    if subject != "none" and rng.rand() < 0.25:
        camera = "follow" if motion in ("left", "right") else "orbit"
    a = dict(
        scene=scene,
        time=time,
        weather=weather_now,
        subject=subject,
        colour=choose(COLOURS[1:]) if subject != "none" else "none",
        motion=motion,
        camera=camera,
    )
    if subject == "person":
        a["woman"] = bool(rng.rand() < 0.5)
    pairs = [b for first, b in PAIRS[scene] if first == subject]
    if pairs and rng.rand() < 0.18:
        a["also"] = dict(subject=choose(pairs), colour=choose(COLOURS[1:]))
    return a


def sample(rng, unseen=False):
    """Random attributes: of combinations for training, or (unseen) of held-out ones."""
    while True:
        a = draw(rng)
        if held_out(a) == unseen:
            return a


def mirror(a):
    """The attributes of the clip reflected left to right."""
    swap = {"left": "right", "right": "left", "pan left": "pan right", "pan right": "pan left"}
    return dict(a, motion=swap.get(a["motion"], a["motion"]), camera=swap.get(a["camera"], a["camera"]))


def labels(a):
    """The attributes as class numbers, in the order of ATTRIBUTES."""
    return [ATTRIBUTES[k].index(a[k]) for k in ATTRIBUTES]
