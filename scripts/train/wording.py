"""Words for the attributes of a clip: captions in many wordings, and all words that they can hold."""
import re

import numpy as np

import world

WHERE = {"sea": ["on the sea", "by the sea", "on the ocean", "at the coast", "near a lighthouse by the sea", "in front of the sea", "over the water of the sea"],
         "mountains": ["at a mountain lake", "by a lake in the mountains", "in front of high mountains", "in the mountains", "below the mountains", "on a lake between mountains"],
         "city": ["in the city", "in a city street", "on a street between tall buildings", "downtown", "in front of the skyline of a town", "on a city road"],
         "forest": ["in a forest", "in the woods", "among the trees", "in a pine forest", "on a forest path", "in front of trees"],
         "desert": ["in the desert", "on a desert road", "among sand dunes", "in a sandy desert", "on a road through the desert"],
         "snow": ["on a snowy hill", "in the snow", "in a winter landscape", "on snow-covered hills", "in front of white hills in winter"]}
VIEW = {"sea": ["the sea", "the ocean", "a coast with a lighthouse", "waves on the sea", "a lighthouse by the sea"],
        "mountains": ["a mountain lake", "high mountains above a lake", "mountains", "a lake in the mountains"],
        "city": ["a city street", "a city", "the skyline of a town", "tall buildings along a street"],
        "forest": ["a forest", "the woods", "a pine forest", "a path among the trees"],
        "desert": ["a desert", "a desert road", "sand dunes", "a road through the desert"],
        "snow": ["a snowy hill", "a winter landscape", "snow-covered hills", "white hills in winter"]}
NEON = {"where": ["on a neon street", "on a street with neon lights", "between neon lights in the city"], "view": ["a neon street", "a city street with neon lights", "neon lights of a city"]}
DUST = {"desert": ["raising dust", "trailing a cloud of dust"], "snow": ["throwing up snow", "trailing a cloud of snow"]}
NOUN = {"boat": ["boat", "sailboat", "sailing boat", "ship", "yacht"], "car": ["car", "car", "automobile", "taxi"], "ball": ["ball", "ball", "beach ball", "rubber ball"],
        "bird": ["bird", "bird", "songbird", "parrot"], "balloon": ["balloon", "hot-air balloon", "hot air balloon"], "person": ["person", "man", "woman", "walker"]}
SHADE = {"red": ["red", "red", "crimson", "scarlet"], "blue": ["blue", "blue", "azure"], "green": ["green", "green", "emerald"],
         "yellow": ["yellow", "yellow", "lemon"], "white": ["white"], "purple": ["purple", "purple", "violet"]}
GO = {"boat": ["sailing", "moving", "gliding"], "car": ["driving", "moving", "going"], "ball": ["rolling", "moving", "going"],
      "bird": ["flying", "moving", "gliding"], "balloon": ["floating", "drifting", "moving"], "person": ["walking", "going", "moving"]}
GOES = {"sailing": "sails", "moving": "moves", "gliding": "glides", "driving": "drives", "going": "goes", "rolling": "rolls", "flying": "flies", "floating": "floats", "drifting": "drifts", "walking": "walks"}
WHEN = {"day": ["on a sunny day", "by day", "in daylight", "at noon", "during the day", "in the morning"], "sunset": ["at sunset", "at dusk", "in the evening", "at sundown", "in the golden hour"],
        "night": ["at night", "by night", "in moonlight", "at midnight", "on a dark night"]}
SKIES = {"clear": ["", "", "", "", "clear sky", "under a clear sky"], "cloudy": ["cloudy", "with clouds", "under a cloudy sky", "overcast", "with a grey sky"],
         "rain": ["in the rain", "raining", "rainy", "with rain falling", "while it rains"], "snowfall": ["snowing", "snow is falling", "with falling snow", "in a snowfall", "while it snows"]}
SHOT = {"static": ["", "", "", "", "static camera", "the camera is still"], "pan left": ["the camera pans left", "camera panning to the left", "pan left", "the camera moves left"],
        "pan right": ["the camera pans right", "camera panning to the right", "pan right", "the camera moves right"],
        "zoom in": ["the camera zooms in", "zoom in", "slow zoom in", "the camera moves closer"], "zoom out": ["the camera zooms out", "zoom out", "slow zoom out", "the camera moves back"]}


def caption(a, rng, complete=False):
    """A random wording of the attributes.  One in seven leaves out some of them, unless complete is asked for."""
    c = lambda l: l[rng.randint(len(l))]
    keep = lambda: complete or whole or rng.rand() < .6
    whole = rng.rand() > .15
    neon = a["scene"] == "city" and a["time"] == "night"
    when = c(WHEN[a["time"]]) if keep() else ""
    skies = c(SKIES[a["weather"]]) if keep() else ""
    if a["time"] != "day" and when == "on a sunny day": when = "by day"
    if a["weather"] != "clear" and when == "on a sunny day": when = "by day"
    shot = c(SHOT[a["camera"]]) if keep() else ""
    if a["subject"] == "none":
        core = c(["", "", "an empty view of ", "a view of "]) + c(VIEW[a["scene"]] + (NEON["view"] if neon else []))
        where = ""
    else:
        s, colour = a["subject"], c(SHADE[a["colour"]])
        noun = c(NOUN[s])
        if s == "person": thing = c(["a {n} in {c}", "a {n} dressed in {c}", "a {n} wearing {c}", "a {n} in a {c} shirt"]).format(n=noun, c=colour)
        else: thing = c(["a {c} {n}", "a {c} {n}", "one {c} {n}", "a big {c} {n}"]).format(n=noun, c=colour)
        if thing.startswith("a azure") or thing.startswith("a emerald"): thing = "an" + thing[1:]
        go = c(GO[s]); 
        if rng.rand() < .35: go = GOES[go]
        plural = go.endswith("s")
        if a["motion"] == "left": move = go + c([" left", " to the left", " from right to left", " leftwards"])
        elif a["motion"] == "right": move = go + c([" right", " to the right", " from left to right", " rightwards"])
        elif a["motion"] == "up": move = c(["rising", "going up", "moving up", "moving upwards", "rises", "ascending", {"bird": "flying up", "balloon": "floating up", "ball": "flying up"}[s]])
        elif a["motion"] == "down": move = c(["descending", "going down", "moving down", "moving downwards", "sinking", {"bird": "flying down", "balloon": "landing", "ball": "falling"}[s]])
        elif a["motion"] == "bounce": move = c(["bouncing", "bouncing up and down", "bounces", "jumping up and down"])
        else: move = c(["standing still", "not moving", "at rest", {"boat": "at anchor", "car": "parked", "person": "standing", "balloon": "hovering"}[s]])
        core = thing + (" " + move if keep() else "")
        if a["subject"] == "car" and a["motion"] in ("left", "right") and a["scene"] in DUST and rng.rand() < .25: core += ", " + c(DUST[a["scene"]])
        where = c(WHERE[a["scene"]] + (NEON["where"] if neon else [])) if keep() else ""
    style = rng.rand()
    if style < .6: text = " ".join(x for x in (core, where, when) if x)
    elif style < .8 and when: text = ", ".join(x for x in (when, " ".join(x for x in (core, where) if x)) if x)
    elif where: text = ", ".join(x for x in (" ".join(y for y in (where, when) if y), core) if x)
    else: text = ", ".join(x for x in (core, when) if x)
    for x in ([skies, shot] if rng.rand() < .8 else [shot, skies]):
        if x: text += ("" if x == skies and x.split()[0] in ("in", "with", "under", "while") and rng.rand() < .5 else ",") + " " + x
    if rng.rand() < .08: text = c(["a video of ", "a clip of ", "an animation of "]) + text
    if rng.rand() < .3: text = text[0].upper() + text[1:] + "."
    return text


def words():
    """All words that captions can hold, sorted."""
    rng = np.random.RandomState(0); found = set()
    for _ in range(40000): found |= set(re.findall(r"[a-z]+(?:-[a-z]+)*", caption(world.draw(rng), rng).lower()))
    return sorted(found)
