"""What a clip can show: the lists of attributes, how they go together, and random draws of them."""

import figures
import numpy as np

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

# The views of a scene that clips show, as seeds of its drawing, chosen by eye. They are few, and scenery()
# chooses one by the words: a small network draws well what it has seen often and what the words decide. With
# another view in every clip, and with one of four by chance, houses and trees became a mush of all of them.
VIEWS = {
    "sea": (0, 2, 5, 7),
    "mountains": (1, 3, 5, 8),
    "city": (2, 4, 9, 10),
    "forest": (0, 3, 7, 10),
    "desert": (1, 3, 8, 12),
    "snow": (0, 4, 7, 12),
    "beach": (0, 1, 3, 4),
    "meadow": (3, 6, 8, 9),
    "underwater": (0, 4, 8, 10),
    "moon": (1, 4, 7, 11),
}

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

# What captions may leave unsaid of a subject. A prompt that does not say it then means this, instead of
# a mean of all that it could be.
USUAL = {
    "boat": ("sea", "white", "right"),
    "car": ("city", "red", "right"),
    "person": ("city", "blue", "right"),
    "astronaut": ("moon", "white", "right"),
    "dog": ("meadow", "orange", "right"),
    "train": ("meadow", "green", "right"),
    "ball": ("beach", "red", "bounce"),
    "bird": ("sea", "white", "right"),
    "butterfly": ("meadow", "yellow", "right"),
    "fish": ("underwater", "orange", "right"),
    "balloon": ("mountains", "red", "up"),
}

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
    """True for the tenth of the combinations (scene, time, subject, colour, motion) that training never
    sees."""
    n = 0
    for k in ("scene", "time", "subject", "colour", "motion"):
        n = n * 31 + ATTRIBUTES[k].index(a[k]) + 1
    return a["subject"] != "none" and (n * 2654435761 % 2**32) / 2**32 < 0.1


def draw(rng):
    """Random attributes of a clip."""

    def choose(options):
        return options[rng.randint(len(options))]

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


def usual(a, key):
    """Whether an attribute is what a prompt without a word about it means."""
    if key in ("scene", "colour", "motion"):
        return (
            a["subject"] != "none" and a[key] == USUAL[a["subject"]][("scene", "colour", "motion").index(key)]
        )
    return (
        a[key]
        == {"time": "night" if a["scene"] == "moon" else "day", "weather": "clear", "camera": "static"}[key]
    )


def scenery(a):
    """The view that a clip shows."""
    views = VIEWS[a["scene"]]
    return views[(2 * TIMES.index(a["time"]) + WEATHER.index(a["weather"])) % len(views)]


def mirror(a):
    """The attributes of the clip reflected left to right."""
    swap = {"left": "right", "right": "left", "pan left": "pan right", "pan right": "pan left"}
    return dict(a, motion=swap.get(a["motion"], a["motion"]), camera=swap.get(a["camera"], a["camera"]))


def labels(a):
    """The attributes as class numbers, in the order of ATTRIBUTES."""
    return [ATTRIBUTES[k].index(a[k]) for k in ATTRIBUTES]
