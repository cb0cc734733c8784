"""Words for four months of issues of The Quay, made up from beginning to end."""

STORIES = [
    (
        "The crane that reads the wind",
        "cranes",
        "Pier four has a crane that stops by itself when gusts turn, and nobody has had to shout at it since spring.",
    ),
    (
        "Two ferries, one timetable",
        "ferries",
        "The rival lines across the sound will share one timetable, after nine years in which each left two minutes before the other.",
    ),
    (
        "Cold storage heats up",
        "cold stores",
        "Rents for chilled warehouses have doubled, and the new ones are full before the doors are hung.",
    ),
    (
        "The pilots want a night off",
        "pilots",
        "Harbour pilots have asked for one night in eight without a call, and the port has counted what that would cost.",
    ),
    (
        "Salt, by subscription",
        "saltworks",
        "A family saltworks sells to restaurants by the month now, and has stopped guessing in August what it will need in May.",
    ),
    (
        "A warehouse learns to share",
        "warehouses",
        "Three importers that never spoke now rent one hall together, divided by hours instead of walls.",
    ),
    (
        "Who owns the tide table?",
        "tide data",
        "The tables are free, the corrections are not, and small boats have noticed the difference.",
    ),
    (
        "Nets out of old nets",
        "net makers",
        "A workshop behind the fish hall spins worn nets into new ones and has run out of worn nets.",
    ),
    (
        "The last typewriter in customs",
        "customs",
        "Customs has retired its last paper form; the clerk who kept it running has been asked to stay and teach.",
    ),
    (
        "Insurers learn to swim",
        "insurers",
        "After two wet winters the insurers have sent people to look at quays instead of maps.",
    ),
    (
        "Small batteries, long routes",
        "battery boats",
        "The electric launch was meant for the inner harbour; its skipper has taken it round the cape and back.",
    ),
    (
        "What the gulls cost",
        "gulls",
        "Somebody has added up the price of gulls, from torn sacks to lost sandwiches, and the sum is not small.",
    ),
    (
        "The buoy that calls home",
        "buoys",
        "Forty buoys report their own position now, and the boat that used to check them has been sold.",
    ),
    (
        "Rust is a service",
        "shipyards",
        "The yard no longer sells paint jobs; it sells years without rust, and the paint is its own problem.",
    ),
    (
        "A market for empty boxes",
        "containers",
        "Empty containers travel further than full ones. A small exchange would like them to stay at home.",
    ),
    (
        "Paper charts make a return",
        "chart makers",
        "After one dark hour in November, the last printer of paper charts has a waiting list.",
    ),
    (
        "The queue at the fuel dock",
        "fuel",
        "Three kinds of fuel, one dock, and a queue that has become a meeting place.",
    ),
    (
        "Seaweed finds a price",
        "seaweed",
        "For the first time seaweed has a daily price, chalked on a board beside the cod.",
    ),
    (
        "The lighthouse lets a room",
        "lighthouses",
        "The lighthouse trust lets the keeper’s room by the night and pays for its lamp with it.",
    ),
    (
        "Quiet engines, loud meeting",
        "quiet engines",
        "Everybody wants quieter boats; the meeting about who pays for them went on until eleven.",
    ),
    (
        "The dredger’s new map",
        "dredging",
        "The dredger maps the bottom while it digs, and the anglers have asked for a copy.",
    ),
    (
        "A school for deckhands",
        "training",
        "The old net loft is a school again, and its first class had jobs before it had certificates.",
    ),
    (
        "Fog, forecast by the hour",
        "forecasts",
        "A start-up of four sells fog by the hour: when it comes, when it lifts, and what it costs to be wrong.",
    ),
    (
        "The bridge that charges less",
        "tolls",
        "The toll bridge has cut its price at noon, and the lunch trade on the far side has doubled.",
    ),
]

TURNS = [
    "The plan is simpler than it sounds, which is why it took so long.",
    "Those who were against it in March are the ones who show visitors round.",
    "It began as a favour between neighbours and is now a line in the budget.",
    "The numbers are small and move in the right direction.",
    "Nobody has found the catch yet, and several people are paid to look.",
]

POINTS = [
    "The first year is paid for; the second has to pay for itself.",
    "Two other ports have asked to see the drawings.",
    "The union was asked before the press was, and it shows.",
    "Repairs are included, storms are not.",
    "A decision is due before the herring.",
    "The council wants to see a winter first.",
    "Prices follow the tide: dearest at high water.",
    "The old equipment goes to a museum, which did not ask for it.",
    "One in three customers came back within a month.",
    "The waiting list is public and pinned to a door.",
]

CLOSERS = [
    "What would change our mind is one hard winter.",
    "Ask again when the ice is out.",
    "The next number worth watching comes at the end of the quarter.",
    "For now the only loser is the old way of doing it.",
]

COMPANIES = [
    ("Quayside Robotics", "to teach cranes about the wind"),
    ("Saltworks", "for its kits that make fresh water"),
    ("Lantern & Co", "to light ferries that sail by night"),
    ("Driftwood Labs", "to build sensors out of old buoys"),
    ("Kittiwake", "for its marketplace of empty containers"),
    ("Harbour Ledger", "to settle port fees by the hour"),
    ("Deepwater Foods", "for its seaweed kitchens"),
    ("Northmole", "to insure small boats by the trip"),
    ("Tidal Works", "to build turbines under bridges"),
    ("Signal Flag", "for its radio that understands accents"),
]

LINKS = [
    ("The pilots’ union has ", "voted for longer rests", "."),
    ("A lighthouse keeper’s diary of forty years is ", "free to read", "."),
    ("The fish hall ", "moves its auction to six", ", an hour later, after a century."),
    ("Somebody has drawn ", "every knot used on the quay", ", with prices."),
    ("The customs house is ", "looking for a tenant", " who likes marble."),
    ("A new study says ", "ferries beat bridges", " below four thousand cars a day."),
    ("The winter timetable is ", "out", ", and shorter than feared."),
]

SPONSORS = [
    (
        "Brightwater Bank",
        "<p>Brightwater Bank has lent to boats since boats had sails. Ask us what your quay is worth, and we will come and look.</p>",
    ),
    (
        "Oakum Software",
        "<p>Oakum keeps the books of two hundred chandlers. One inventory, every loft, and a telephone that is answered.</p>",
    ),
    (
        "The Harbour Club",
        "<p>The Harbour Club meets on the first Monday. Members bring one question and leave with three.</p>",
    ),
]

GREETING = "Good morning from the quay."
GOODBYES = [
    "Back tomorrow, whatever the weather.",
    "That is the tide for today.",
    "Mind the step; see you tomorrow.",
    "Until tomorrow, same pier.",
]
WRITERS = [("Ines Falk", "ines"), ("Mads Rohde", "mads"), ("Tuva Lind", "tuva")]
FIRST = [
    "Ada",
    "Bo",
    "Cleo",
    "Dag",
    "Eir",
    "Finn",
    "Gro",
    "Hal",
    "Iben",
    "Jon",
    "Kai",
    "Liv",
    "Moa",
    "Nils",
    "Ola",
    "Pia",
    "Rolf",
    "Siv",
    "Tor",
    "Una",
]
LAST = [
    "Aas",
    "Berg",
    "Dahl",
    "Eng",
    "Foss",
    "Gran",
    "Haug",
    "Holm",
    "Krog",
    "Lund",
    "Moe",
    "Nes",
    "Ravn",
    "Skog",
    "Strand",
    "Vik",
    "Voll",
    "Wang",
]

HOUSE = "<p>Our readers meet at Pier 4 on the first evening of spring. Bring a question for the harbour master.</p>"
"""A promotion of the house, where nothing is sold."""

MESSAGE = {
    "headline": "Money that floats",
    "body": "<p>Brightwater Bank has lent to boats since boats had sails. Come by with a hull and an idea, and leave with an "
    "answer before the tide turns.</p>",
    "url": "https://example.com/loans",
    "cta": "Open an account",
}
"""A sponsor's message, as it is brought in."""
