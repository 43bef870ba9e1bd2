"""Inside the box, tests only: runs what is asked through two virtio ports, as root.

org.yobirin.test is the scenario's; org.yobirin.look is for whoever looks into a running one (look.py).
"""

import base64
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

PORT = "/dev/virtio-ports/org.yobirin.test"
LOOK = "/dev/virtio-ports/org.yobirin.look"


def answer(question: dict[str, Any]) -> dict[str, Any]:
    if "put" in question:
        path = Path(question["put"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(question["data"]))
        path.chmod(question["mode"])
        return {}
    if "get" in question:
        return {"data": base64.b64encode(Path(question["get"]).read_bytes()).decode()}
    done = subprocess.run(
        ["/bin/sh", "-c", question["run"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=question["timeout_s"],
        check=False,
        env={**os.environ, "PATH": "/opt/yobirin/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
    )
    return {"code": done.returncode, "out": done.stdout.decode("utf-8", errors="replace")}


def serve(path: str) -> None:
    port = os.open(path, os.O_RDWR)
    rest = b""
    while True:
        data = os.read(port, 65_536)
        if not data:  # the other end is not there: virtio reads return at once
            time.sleep(0.1)
            continue
        rest += data
        while b"\n" in rest:
            line, _, rest = rest.partition(b"\n")
            number = None
            try:
                question = json.loads(line)
                number = question["number"]
                told = answer(question)
            except subprocess.TimeoutExpired as error:
                told = {"code": 124, "out": f"{(error.stdout or b'').decode(errors='replace')}\n(timed out)"}
            except Exception as error:  # noqa: BLE001 - the root of the loop: the channel must live on
                told = {"code": 125, "out": f"{type(error).__name__}: {error}"}
            text = json.dumps({"number": number, **told}).encode() + b"\n"
            while text:
                text = text[os.write(port, text) :]


if Path(LOOK).exists():
    threading.Thread(target=serve, args=(LOOK,), daemon=True).start()
serve(PORT)
