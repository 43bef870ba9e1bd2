"""Both sets of formulas of the hourly report; Open Dialer's own sample day, printed exactly."""

from __future__ import annotations

import pytest

from appliance.store.report_formulas import LINES, Figures, compatible_text, honest, honest_text, total

# The sample day of Open Dialer's brochure, every column from 合計 and 09時 to 22時.
SAMPLE = """\
成約数	12	0	0	5	3	0	0	0	0	1	3	0	0	0	0
本人通話完了数	0	0	0	0	0	0	0	0	0	0	0	0	0	0	0
発信数	294	0	0	15	65	0	0	0	4	102	107	1	0	0	0
接続数	294	0	0	15	65	0	0	0	4	102	107	1	0	0	0
完了数	12	0	0	5	3	0	0	0	0	1	3	0	0	0	0
通話数	55	0	0	8	11	0	0	0	3	14	18	1	0	0	0
放棄呼数	78	0	0	7	12	0	0	0	0	21	38	0	0	0	0
TALK	2865	0	0	613	438	0	0	0	96	680	1019	19	0	0	0
WAIT	552	0	0	123	129	0	0	0	31	144	119	6	0	0	0
WRAP	387	0	0	68	44	0	0	0	2	46	227	0	0	0	0
通話+後処理時間	3252	0	0	681	482	0	0	0	98	726	1246	19	0	0	0
実稼働時間	3804	0	0	804	611	0	0	0	129	870	1365	25	0	0	0
時間当たり完了率	0	0	0	0	0	0	0	0	0	0	0	0	0	0	0
時間当たり発信数	0.07	0	0	0.01	0.1	0	0	0	0.03	0.11	0.07	0.04	0	0	0
時間当たり接続率	0.01	0	0	0	0.01	0	0	0	0.02	0.01	0.01	0.04	0	0	0
時間当たり成約率	0	0	0	0	0	0	0	0	0	0	0	0	0	0	0
接続数あたり成約率	21.81%	0%	0%	62.5%	27.27%	0%	0%	0%	0%	7.14%	16.66%	0%	0%	0%	0%
平均接話時間	0.1	0	0	0.02	0.14	0	0	0	0.04	0.15	0.1	0.05	0	0	0
平均後処理時間	0.75	0	0	0.22	1.47	0	0	0	2	2.21	0.47	0	0	0	0
平均消費時間	0.09	0	0	0.02	0.13	0	0	0	0.04	0.14	0.08	0.05	0	0	0
平均接続待ち時間	1.87	0	0	8.19	1.98	0	0	0	7.75	1.41	1.11	6	0	0	0"""

ROWS = [line.split("\t")[1:] for line in SAMPLE.splitlines()]
PLAIN = (
    "sales",
    "dmc",
    "attempts",
    "answered",
    "complete",
    "contact",
    "abandoned",
    "talk_s",
    "wait_s",
    "wrap_s",
)
COLUMNS = [
    Figures(**{name: int(ROWS[row][column]) for row, name in enumerate(PLAIN)})
    for column in range(len(ROWS[0]))
]


@pytest.mark.parametrize("row", range(len(LINES)), ids=[line.key for line in LINES])
def test_the_sample_day_is_printed_as_open_dialer_prints_it(row: int) -> None:
    printed = [compatible_text(LINES[row].key, column) for column in COLUMNS]

    assert printed == ROWS[row]


def test_the_hours_of_the_sample_day_add_up_to_its_total() -> None:
    assert total(COLUMNS[1:]) == COLUMNS[0]


def test_averages_are_over_conversations_and_rates_per_hour() -> None:
    day = COLUMNS[0]

    assert honest("talk_mean", day) == pytest.approx(2865 / 55)
    assert honest("wait_mean", day) == pytest.approx(552 / 55)
    assert honest("attempts_rate", day) == pytest.approx(294 / (3804 / 3600))
    assert honest_text("sales_share", day) == "21.8"


def test_nothing_divided_by_nothing_is_no_figure() -> None:
    assert honest("talk_mean", Figures()) is None
    assert honest_text("talk_mean", Figures()) == ""
    assert honest("attempts", Figures()) == 0.0


def test_one_decimal_is_rounded_half_up() -> None:
    assert honest_text("talk_mean", Figures(talk_s=5, contact=4)) == "1.3"
