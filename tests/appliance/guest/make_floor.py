"""Inside the box, tests only: the site file, people, seats and a list of a small floor on the joined spans.

Arguments: rows of the list, seats.  The robots' logins are left beside, in /data/test/robots.json.
"""

import json
import shutil
import sys
import time
from pathlib import Path

from appliance import demo_floor
from appliance.settings import Home
from appliance.simulator import population, sample_list

SITE = """\
site_name = "試験"
{spans}
[phones]
address = "127.0.0.1"

[console]
device = "/dev/ttyS1"
"""
SPAN = '\n[[spans]]\nnumber = {number}\nkind = "dahdi"\nfirst_channel = {first}\n'
PEOPLE = """\
span_kind = "dahdi"
[answer]
rate = 0.7
[ring]
floor_s = 0.5
mean_s = 1.5
[busy]
share = 0.1
[voicemail]
share = 0.0
[talk]
mean_s = 7.0
cv = 0.3
min_s = 4.0
callee_clears = 1.0
[speech]
tone_share = 1.0
[keys]
share = 0.0
"""


def main() -> None:
    rows, seats = int(sys.argv[1]), int(sys.argv[2])
    home, network = Home(Path("/var/lib/yobirin")), Home(Path("/data/test/network"))
    network.directory()
    home.site_file.write_text(SITE.format(spans=SPAN.format(number=1, first=1)), encoding="utf-8")
    network.site_file.write_text(SITE.format(spans=SPAN.format(number=1, first=25)), encoding="utf-8")
    people = Path("/data/test/people.toml")
    people.write_text(PEOPLE, encoding="utf-8")
    population.install(network, people, seed=1)
    sample = Path("/data/test/list.csv")
    lines = sample_list.SHIPPED.read_bytes().splitlines(keepends=True)
    clean = [line for line in lines[1:] if line.count(b",") == lines[0].count(b",")]
    sample.write_bytes(b"".join([lines[0], *clean[:rows]]))
    setattr(demo_floor, "SAMPLE", sample)  # noqa: B010 - a short list instead of the shipped one
    demo_floor.prepare(home, seats=seats, at=int(time.time() * 1000))
    logins = home.root / "secrets" / "robots.json"
    shutil.move(logins, "/data/test/robots.json")
    print(json.dumps({"rows": rows, "seats": seats}))


main()
