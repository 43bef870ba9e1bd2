"""A new address takes allow-list, phones and monitor along, while it is tried, kept, and given up."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from appliance.settings import Home
from provisioning import generate, reading
from provisioning.box_files import BoxFiles
from provisioning.commands import RecordedCommands
from provisioning.network_trial import TRIAL_S, NetworkTrial

SAMPLE = (Path(reading.__file__).parent / "sample-site.toml").read_text(encoding="utf-8")
OLD, NEW = "192.168.10.0/24", "192.168.20.0/24"


class Box:
    """A box set up from the sample, with an address on trial."""

    def __init__(self, root: Path, text: str = SAMPLE) -> None:
        self.files = BoxFiles(Home(root / "home"), RecordedCommands(), box=root / "box")
        self.texts = generate.every(reading.parse(text))
        for name in ("network", "nft", "site"):
            self.files.write(name, self.texts[name])
        self.home = Home(root / "home")
        self.trial = NetworkTrial(self.home, self.files)
        self.trial.begin("192.168.20.9/24", "192.168.20.1", now=0.0)

    def allowed(self, name: str) -> str:
        line = f"add element inet box {name} "
        return next(each for each in self.files.text("nft").splitlines() if each.startswith(line))


def test_on_trial_the_new_network_is_let_in_beside_the_old_one(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for name in ("lan", "phones"):
        assert box.allowed(name).endswith(f"{{ {OLD}, {NEW} }}"), "who is to press y must open the page"


def test_what_is_kept_carries_over_and_the_old_network_is_let_in_no_more(tmp_path: Path) -> None:
    box = Box(tmp_path, SAMPLE.replace("metrics = []", 'metrics = ["10.9.9.9/32"]'))
    box.trial.begin("192.168.20.8/24", "192.168.20.1", now=10.0)
    assert box.trial.keep() == "192.168.20.8"

    assert box.allowed("lan").endswith(f"{{ 10.9.9.9/32, {NEW} }}")
    assert box.allowed("phones").endswith(f"{{ {NEW} }}")
    found = tomllib.loads(box.files.text("site"))
    assert found["phones"] == {"address": "192.168.20.8", "allowed_networks": [NEW]}
    assert found["monitor"]["ping"] == ["192.168.20.1"]
    assert not list((box.home.root / "secrets").glob("*.before"))


def test_networks_and_servers_that_the_site_names_itself_stay(tmp_path: Path) -> None:
    relay = 'relay = "192.168.10.1"\nto = ["a@example.jp"]\nsender = "b@example.jp"'
    text = SAMPLE.replace('relay = ""', "#").replace("to = []", relay).replace('sender = ""', "#")
    box = Box(tmp_path, text.replace("phones = []", 'phones = ["10.1.0.0/16"]'))
    box.trial.keep()
    found = tomllib.loads(box.files.text("site"))
    assert found["phones"]["allowed_networks"] == ["10.1.0.0/16"]
    assert found["mail"]["relay"] == "192.168.10.1"
    assert box.allowed("phones").endswith("{ 10.1.0.0/16 }")


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_is_given_up_leaves_everything_as_it_was(tmp_path: Path, is_restarted: bool) -> None:
    box = Box(tmp_path)
    if is_restarted:
        assert NetworkTrial(box.home, box.files).revert()
    else:
        assert box.trial.revert_if_due(float(TRIAL_S))
    assert {name: box.files.text(name) for name in ("network", "nft", "site")} == {
        name: box.texts[name] for name in ("network", "nft", "site")
    }


def test_a_rescue_on_trial_lets_everybody_in_also_afterwards(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.files.write("nft", "")
    box.trial.keep()
    assert box.files.text("nft") == ""
