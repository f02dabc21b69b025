"""English phrases for the attributes of a clip, divided by "|". wording.py joins them to captions. An empty
phrase says nothing.
"""


def alternatives(text):
    return [phrase.strip() for phrase in text.split("|")]


def table(**rows):
    return {key: alternatives(text) for key, text in rows.items()}


WHERE = table(
    sea=(
        "on the sea | on the ocean | at sea | by the sea | at the coast | off a rocky coast | near the "
        "cliffs | near a lighthouse | on the waves | over the waves | in front of a lighthouse | on the "
        "water"
    ),
    mountains=(
        "at a mountain lake | on a mountain lake | over a mountain lake | on a lake | over a lake | in "
        "the mountains | in front of high mountains | below snowy peaks | by a lake in the mountains | in "
        "the Alps"
    ),
    city=(
        "in the city | in a city street | down a street | on a street | in town | downtown | along a "
        "street of shops | past the shops | on a city road | between tall buildings"
    ),
    forest=(
        "in a forest | in the woods | among the trees | in a pine forest | on a forest path | between fir "
        "trees | through the forest | through the woods"
    ),
    desert=(
        "in the desert | on a desert road | through the desert | among sand dunes | among cactuses | on a "
        "road through the desert | in a canyon | on a dusty road"
    ),
    snow=(
        "in the snow | in a winter landscape | on a snowy hill | among snow-covered trees | in front of "
        "snowy hills | in winter | through the snow | on a field of snow"
    ),
    beach=(
        "on the beach | at the beach | on a sandy beach | on a tropical beach | by the shore | under palm "
        "trees | along the shore | on a tropical island"
    ),
    meadow=(
        "in a meadow | in a field of flowers | on a green hill | through the fields | in the countryside "
        "| among flowers | on the grass | over green fields | near a windmill | in spring"
    ),
    underwater=(
        "under water | underwater | in a coral reef | over a coral reef | under the sea | in the deep sea "
        "| among corals | in an aquarium"
    ),
    moon=(
        "on the moon | in space | on the surface of the moon | among craters | under the earth in the sky "
        "| on a far planet"
    ),
)

VIEW = table(
    sea=(
        "the sea | the ocean | a lighthouse | a lighthouse by the sea | a lighthouse on a cliff | a coast "
        "with a lighthouse | waves | waves on the sea | a rocky coast | cliffs by the sea | ocean waves"
    ),
    mountains=(
        "a mountain lake | mountains | high mountains above a lake | a lake | a lake in the mountains | "
        "snowy peaks above a lake | mountains mirrored in a lake | a landscape with mountains"
    ),
    city=(
        "a city street | a city | a street | a street with shops | a town | tall buildings along a street "
        "| a skyline | city life"
    ),
    forest=(
        "a forest | the woods | a pine forest | trees | a path among the trees | fir trees | a deep forest"
    ),
    desert=(
        "a desert | a desert road | sand dunes | a road through the desert | a desert with cactuses | a "
        "canyon | a table mountain in the desert"
    ),
    snow=(
        "a snowy hill | a winter landscape | snow-covered hills | snow-covered trees | a winter forest | "
        "a snowy landscape | winter"
    ),
    beach=(
        "a beach | a tropical beach | palm trees on a beach | a sandy beach | the shore | waves on a "
        "beach | an island with palm trees"
    ),
    meadow=(
        "a meadow | a field of flowers | green hills | the countryside | flowers in the grass | a "
        "windmill | a windmill on a hill | a landscape with a windmill | fields in spring"
    ),
    underwater=(
        "a coral reef | the bottom of the sea | the sea under water | an underwater world | corals and "
        "seaweed | an aquarium"
    ),
    moon=(
        "the surface of the moon | the moon | craters on the moon | the earth seen from the moon | space "
        "| stars over the moon"
    ),
)

NEON = table(
    where=(
        "on a neon street | in a street with neon lights | between neon signs | past neon signs | down a "
        "Tokyo street | in Tokyo | in a neon city | under neon lights"
    ),
    view=(
        "a neon street | a city street with neon signs | neon lights | neon signs | a Tokyo street | a "
        "neon city | glowing neon signs"
    ),
)

STORM = table(
    sea=(
        "in a storm | in a storm with high waves | while waves crash | as the waves crash against the "
        "cliffs | in a thunderstorm | on a stormy sea | in heavy seas"
    ),
    other=(
        "in a storm | in a thunderstorm | with lightning | while lightning strikes | in wild weather | "
        "under storm clouds"
    ),
)

NOUN = table(
    boat="boat | boat | sailboat | sailing boat | ship | yacht | sailing ship",
    car="car | car | car | automobile | taxi | little car | SUV",
    ball="ball | ball | beach ball",
    bird="bird | bird | songbird | parrot | seagull",
    balloon="balloon | balloon | hot-air balloon | hot air balloon",
    person="person | walker | pedestrian",
    astronaut="astronaut | astronaut | spaceman | space traveller",
    dog="dog | dog | puppy | little dog | hound",
    fish="fish | fish | tropical fish | reef fish",
    butterfly="butterfly",
    train="train | train | steam train | locomotive | steam engine",
)

SHADE = table(
    red="red | red | red | crimson | scarlet | bright red",
    blue="blue | blue | blue | azure | dark blue",
    green="green | green | green | emerald",
    yellow="yellow | yellow | yellow | lemon | golden",
    white="white | white | snow-white",
    purple="purple | purple | violet",
    orange="orange | orange | orange-coloured",
    pink="pink | pink | rose",
)

GO = table(
    boat="sailing | sailing | moving | gliding",
    car="driving | driving | moving | going | racing",
    ball="rolling | rolling | moving",
    bird="flying | flying | moving | gliding",
    balloon="floating | drifting | flying | moving",
    person="walking | walking | going | strolling",
    astronaut="walking | walking | going",
    dog="running | running | trotting | walking",
    fish="swimming | swimming | moving | gliding",
    butterfly="fluttering | flying | moving",
    train="driving | going | moving | passing | steaming",
)

WHEN = table(
    day=(
        "on a sunny day | by day | in daylight | at noon | during the day | on a bright day | in the sunshine"
    ),
    sunrise=(
        "at sunrise | at dawn | in the early morning | in the morning | at daybreak | in the morning light"
    ),
    sunset=(
        "at sunset | at sunset | in the evening | at sundown | in the golden hour | in the evening sun | "
        "against the sunset"
    ),
    dusk="at dusk | at dusk | at twilight | after sunset | in the blue hour | at nightfall",
    night="at night | at night | by night | in moonlight | at midnight | on a dark night | under the stars",
)

SKIES = table(
    clear=" |  |  |  |  | clear sky | under a clear sky",
    cloudy="cloudy | with clouds | under a cloudy sky | overcast | with a grey sky | under clouds",
    rain=(
        "in the rain | in the rain | raining | rainy | with rain falling | while it rains | on a rainy day"
    ),
    snowfall=(
        "snowing | snow is falling | with falling snow | in a snowfall | while it snows | in falling snow"
    ),
    mist="in the mist | in the mist | in fog | misty | foggy | with morning mist | in a haze",
)

SHOT = table(
    static=" |  |  |  |  | static camera | the camera is still | fixed shot",
    pan_left="the camera pans left | camera panning to the left | pan left | the camera moves left",
    pan_right="the camera pans right | camera panning to the right | pan right | the camera moves right",
    zoom_in="the camera zooms in | zoom in | slow zoom in | the camera moves closer | close-up | dolly in",
    zoom_out="the camera zooms out | zoom out | slow zoom out | the camera moves back | dolly out",
    follow=(
        "the camera follows | tracking shot | the camera moves along | a tracking shot | followed by the "
        "camera"
    ),
    orbit="the camera circles around | orbit shot | the camera moves around | an arc shot",
)
WOMAN = alternatives("woman | woman | girl | lady | person")
MAN = alternatives("man | man | boy | guy | person")
LEFT = alternatives("left | to the left | from right to left | leftwards | towards the left")
RIGHT = alternatives("right | to the right | from left to right | rightwards | towards the right")
UP = alternatives("rising | going up | moving up | moving upwards | rises | ascending | climbing")
DOWN = alternatives("descending | going down | moving down | moving downwards | sinking | coming down")
BOUNCE = alternatives("bouncing | bouncing up and down | bounces | jumping up and down | hopping")
STILL = alternatives("standing still | not moving | at rest")
LEAD = alternatives(
    "a video of | a clip of | an animation of | a cartoon of | a shot of | a beautiful picture of"
)
END = alternatives(
    " |  |  |  |  |  |  | cinematic | beautiful | flat illustration | animation | high quality | peaceful "
    "| colourful"
)
GOES = dict(
    sailing="sails",
    moving="moves",
    gliding="glides",
    driving="drives",
    going="goes",
    racing="races",
    rolling="rolls",
    flying="flies",
    floating="floats",
    drifting="drifts",
    walking="walks",
    strolling="strolls",
    running="runs",
    trotting="trots",
    swimming="swims",
    fluttering="flutters",
    passing="passes",
    steaming="steams",
)
UP_OWN = dict(
    bird="flying up", balloon="floating up", ball="flying up", butterfly="fluttering up", fish="swimming up"
)
DOWN_OWN = dict(
    bird="flying down", balloon="landing", ball="falling", butterfly="fluttering down", fish="swimming down"
)
STILL_OWN = dict(
    boat="at anchor", car="parked", person="standing", balloon="hovering", astronaut="standing", dog="waiting"
)
# of a subject in a place or a weather, or anywhere
EXTRA = {
    ("car", "desert"): alternatives("raising dust | trailing a cloud of dust"),
    ("car", "snow"): alternatives("throwing up snow | trailing a cloud of snow"),
    ("train", ""): alternatives("with smoke | puffing smoke | with steam"),
    ("person", "rain"): alternatives("with an umbrella | under an umbrella"),
    ("boat", "mountains"): alternatives("mirrored in the water | with its reflection in the lake"),
    ("balloon", "mountains"): alternatives("mirrored in the lake | with its reflection in the water"),
    ("bird", ""): alternatives("beating its wings"),
}
