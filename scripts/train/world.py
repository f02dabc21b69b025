"""The procedural world: short stylised clips with exact attributes and a subject mask.

    attributes = sample(rng)                        # a dict, see SCENES ... CAMERAS
    clip, mask = render(attributes, seed, frames=17, height=128, width=128)
    text = wording.caption(attributes, rng)

A clip is a deterministic function of (attributes, seed, size).  drawing.py draws its frames, on a grid twice as fine, which is then averaged;
coordinates are explained there.
"""
import math

import cv2
import numpy as np

from drawing import frame

SCENES = ["sea", "mountains", "city", "forest", "desert", "snow"]
TIMES = ["day", "sunset", "night"]
WEATHER = ["clear", "cloudy", "rain", "snowfall"]
SUBJECTS = ["none", "boat", "car", "ball", "bird", "balloon", "person"]
COLOURS = ["none", "red", "blue", "green", "yellow", "white", "purple"]
MOTIONS = ["still", "left", "right", "up", "down", "bounce"]
CAMERAS = ["static", "pan left", "pan right", "zoom in", "zoom out"]
ATTRIBUTES = {"scene": SCENES, "time": TIMES, "weather": WEATHER, "subject": SUBJECTS, "colour": COLOURS,
              "motion": MOTIONS, "camera": CAMERAS}
RGB = np.array([[0, 0, 0], [.90, .12, .12], [.16, .38, 1.], [.12, .70, .22], [1., .85, .10], [.97, .97, .97], [.62, .18, .82]])

# which subjects a scene can hold, and which motions a subject can make
SCENE_SUBJECTS = {"sea": ["boat", "ball", "bird", "balloon"], "mountains": ["boat", "bird", "balloon", "ball"],
                  "city": ["car", "person", "balloon", "ball"], "forest": ["person", "bird", "ball", "car"],
                  "desert": ["car", "person", "balloon", "bird"], "snow": ["car", "person", "ball", "balloon"]}
SUBJECT_MOTIONS = {"none": ["still"], "boat": ["left", "right", "still"], "car": ["left", "right", "still"],
                   "person": ["left", "right", "still"], "ball": ["left", "right", "up", "down", "bounce"],
                   "bird": ["left", "right", "up", "down"], "balloon": ["left", "right", "up", "down", "still"]}
# height of a subject over the frame's height, and the height v of its centre when it is on the ground (or in the air)
SIZE = {"none": .3, "boat": .38, "car": .34, "ball": .30, "bird": .34, "balloon": .42, "person": .42}
REST = {"boat": .70, "car": .78, "person": .72, "ball": .72, "bird": .32, "balloon": .34}


def path(a, p, r, aspect, size):
    """Centre (u, v) of the subject at clip time p in [0,1]; r are four random numbers in [0,1]."""
    rest = REST[a["subject"]] + (r[1] - .5) * .04
    if a["subject"] == "boat" and a["scene"] == "mountains": rest += .06
    reach = .5 * aspect - .55 * size
    x, y, m = (r[0] - .5) * .30 * aspect, rest, a["motion"]
    if m == "left": x = reach * (1 - 2 * p)
    elif m == "right": x = -reach * (1 - 2 * p)
    elif m == "up": y = .76 - .50 * p
    elif m == "down": y = .26 + .50 * p
    elif m == "bounce": y = rest + .04 - .40 * abs(math.sin(p * math.pi * 2))
    elif a["subject"] == "balloon": y += .012 * math.sin(p * 6)
    return x, y


def part(a, rng):
    """A span of the way that a clip shows, for render(): half of it at least, and for what leaves the picture some of the way out."""
    out = 0. if a["camera"].startswith("zoom") else .3
    length = rng.uniform(.5, 1.); start = rng.uniform(-out, 1 + out - length)
    return start, start + length


def render(a, seed, frames=17, height=128, width=128, fps=8, span=(0., 1.)):
    """-> (clip uint8 [frames,height,width,3], mask uint8 [1+(frames-1)/4, height/8, width/8]: share of each cell that the
    subject covers in any frame of its group of four, 0 to 255).  The clip shows `span` of the way of its subject and camera: the
    whole of it, from one side of the picture to the other, or a part, as what goes on from another clip would."""
    r = np.random.RandomState(seed % 2**31).rand(8)
    clip = np.empty((frames, height, width, 3), np.uint8)
    cover = np.empty((2 * height, 2 * width)); buf = np.empty((2 * height, 2 * width, 3))
    cells = np.empty((frames, height // 8, width // 8), np.float32)
    aspect = width / height
    scene, tod, weather, kind = (ATTRIBUTES[k].index(a[k]) for k in ("scene", "time", "weather", "subject"))
    size = SIZE[a["subject"]] * (.94 + .12 * r[2]) * min(1., .35 + .75 * aspect)
    t0 = r[3] * 10
    face = -1. if a["motion"] == "left" or (a["motion"] != "right" and r[7] < .5) else 1.
    if a["subject"] == "person" and a["motion"] == "still": face = 0.
    cam = a["camera"]
    for f in range(frames):
        p = span[0] + (span[1] - span[0]) * f / max(frames - 1, 1)
        pan = {"pan left": -.36 * (p - .5), "pan right": .36 * (p - .5)}.get(cam, 0.)
        zoom = {"zoom in": 1 + .4 * p, "zoom out": 1.4 - .4 * p}.get(cam, 1.)
        x, y = path(a, p, r[4:], aspect, size) if kind else (9., 9.)
        if a["motion"] == "still": x -= pan                       # things at rest go by, moving ones are followed
        frame(buf, cover, scene, tod, weather, kind, RGB[COLOURS.index(a["colour"])], t0 + f / fps, pan, zoom, x, y, size, face, a["motion"] in ("left", "right"), seed % 100003, aspect)
        b = cv2.resize(buf, (width, height), interpolation=cv2.INTER_AREA)
        clip[f] = (np.clip(b, 0, 1) * 255 + .5).astype(np.uint8)
        cells[f] = cv2.resize(cover, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    mask = np.stack([cells[0]] + [cells[1 + 4 * k:5 + 4 * k].max(0) for k in range((frames - 1) // 4)])
    return clip, (mask * 255 + .5).astype(np.uint8)


# ---------------------------------------------------------------- attributes
def held_out(a):
    """True for the tenth of the combinations (scene, time, subject, colour, motion) that training never sees."""
    n = 0
    for k in ("scene", "time", "subject", "colour", "motion"): n = n * 31 + ATTRIBUTES[k].index(a[k]) + 1
    return a["subject"] != "none" and (n * 2654435761 % 2**32) / 2**32 < .1


def draw(rng):
    c = lambda l: l[rng.randint(len(l))]
    scene = c(SCENES)
    subject = "none" if rng.rand() < .10 else c(SCENE_SUBJECTS[scene])
    weather = c(["clear", "clear", "clear"] + [w for w in WEATHER[1:] if not (w == "snowfall" and scene in ("sea", "desert")) and not (w == "rain" and scene == "snow")])
    camera = "static" if rng.rand() < .4 else c(CAMERAS[1:])
    return dict(scene=scene, time=c(TIMES), weather=weather, subject=subject, colour=c(COLOURS[1:]) if subject != "none" else "none",
                motion=c(SUBJECT_MOTIONS[subject]), camera=camera)


def sample(rng, unseen=False):
    """Random attributes: of combinations for training, or (unseen) of held-out ones."""
    while True:
        a = draw(rng)
        if held_out(a) == unseen: return a


def mirror(a):
    """The attributes of the clip reflected left to right."""
    swap = {"left": "right", "right": "left", "pan left": "pan right", "pan right": "pan left"}
    return dict(a, motion=swap.get(a["motion"], a["motion"]), camera=swap.get(a["camera"], a["camera"]))


def labels(a):
    """The attributes as class numbers, in the order of ATTRIBUTES."""
    return [ATTRIBUTES[k].index(a[k]) for k in ATTRIBUTES]
