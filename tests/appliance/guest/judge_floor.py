"""Inside the box, tests only: what the database and the recordings of a floor say, as JSON."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from appliance.audio.recording_file import RecordingReader
from appliance.settings import Home
from appliance.store import compare, recordings, users
from appliance.store.open import Store, open_store

RATE_HZ = 8000
WAV_HEADER_BYTES: Final = 44
TWICE: Final = "SELECT attempt_id, count(*) FROM history WHERE attempt_id > 0 GROUP BY 1 HAVING count(*) > 1"


def loudest_hz(samples: Any) -> int:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(np.argmax(spectrum)) * RATE_HZ / len(samples) / 10) * 10


def voices(store: Store, tenant_id: int, recording_id: int) -> dict[str, float]:
    found = recordings.get(store, tenant_id, recording_id)
    assert found is not None
    wav = RecordingReader(recordings.path_of(store, found.path), found.key).read_wav()
    both = np.frombuffer(wav[WAV_HEADER_BYTES:], dtype="<i2").astype(float).reshape(-1, 2)
    return {
        "left_level": float(np.sqrt(np.mean(both[:, 0] ** 2))),
        "left_hz": loudest_hz(both[:, 0]),
        "right_hz": loudest_hz(both[:, 1]),
    }


def main() -> None:
    store = open_store(Home(Path("/var/lib/yobirin")))
    tenant = users.tenants(store)[0]
    longest = store.tuples("SELECT id FROM recording WHERE duration_ms > 3000 ORDER BY id LIMIT 3")
    print(
        json.dumps(
            {
                "dialled": store.value("SELECT count(*) FROM attempt WHERE setup_at > 0"),
                "customers_dialled": store.value(
                    "SELECT count(DISTINCT customer_id) FROM attempt WHERE setup_at > 0"
                ),
                "open": store.value("SELECT count(*) FROM attempt WHERE end = ''"),
                "talks": store.value(
                    "SELECT count(*) FROM history WHERE code BETWEEN '01' AND '89' AND talk_ms > 0"
                ),
                "entries": store.value("SELECT count(*) FROM history"),
                "twice": store.tuples(TWICE),
                "codes": dict(store.tuples("SELECT code, count(*) FROM history GROUP BY 1")),
                "differences": [str(each) for each in compare.compare(store)],
                "recordings": [voices(store, tenant.id, number) for (number,) in longest],
            }
        )
    )
    store.close()


main()
