"""Plays a run with the very commands of a compose file, without containers: paths in a folder of its own, one machine.

usage: play_compose.py COMPOSE_FILE FOLDER        (leaves with 1 if the run does not come to its end)

FOLDER holds the executables. What a container gives otherwise is put in place here: the mounted folders, the names on
the network, the host name of a replica, the order of starting by readiness.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from lint_compose import words

REPLICAS = 2
READY_LIMIT = 30
RUN_LIMIT = 120


class Stage:
    def __init__(self, compose: Path, binaries: Path, folder: Path) -> None:
        self.services = yaml.safe_load(compose.read_text())["services"]
        self.root = compose.resolve().parent.parent
        self.binaries = binaries
        self.folder = folder
        self.emulator = ""
        self.processes: list[tuple[str, subprocess.Popen]] = []
        for name in ("sockets", "runs"):
            (folder / name).mkdir(mode=0o700)

    def start(self, service: str, replica: int = 1) -> subprocess.Popen:
        ready = self.folder / f"{service}-{replica}.ready"
        places = {
            f"/run/ready/{service}.ready": str(ready), "/run/gensim": f"{self.folder}/sockets",
            "$$(hostname)": f"replica{replica}", "${GENSIM_HOSTS:-2}": str(REPLICAS),
            "0.0.0.0:8000": "127.0.0.1:0", "llm-emulator:8000": self.emulator,
        }
        program, *arguments = words(self.services[service])
        for place, here in places.items():
            arguments = [argument.replace(place, here) for argument in arguments]
        arguments = [
            f"{self.folder}{argument}" if argument.startswith("/runs") else argument for argument in arguments]
        log = self.log(service, replica)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.binaries.resolve() / program, *arguments], cwd=self.root, stdout=output, stderr=output,
                env={"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)})
        self.processes.append((f"{service}-{replica}", process))
        deadline = time.monotonic() + READY_LIMIT
        while not ready.exists() or not ready.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{service} does not get ready: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        if service == "llm-emulator":
            self.emulator = ready.read_text().strip()
        return process

    def log(self, service: str, replica: int = 1) -> Path:
        return self.folder / f"{service}-{replica}.log"

    def end(self) -> None:
        for _, process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for _, process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def play(stage: Stage) -> None:
    # A service that waits for the health of another is started after it; the hosts wait for nobody's health and find
    # the coordinator when it is there.
    for service in ("llm-emulator", "recorder", "llm-gateway", "embedding-gateway", "coordinator"):
        stage.start(service)
    coordinator = stage.processes[-1][1]
    for replica in range(1, REPLICAS + 1):
        stage.start("agent-host", replica)
    try:
        status = coordinator.wait(RUN_LIMIT)
    except subprocess.TimeoutExpired:
        status = None
    if status != 0:
        raise SystemExit(f"the run ended with {status}: {stage.log('coordinator').read_text()[-2000:]}")
    recording = stage.folder / "runs"
    subprocess.run([stage.binaries.resolve() / "coordinator", "verify", recording], check=True,
                   stdout=subprocess.DEVNULL)


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    # A short path: a socket's has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="gs-", dir="/tmp") as folder:
        stage = Stage(Path(sys.argv[1]), Path(sys.argv[2]), Path(folder))
        try:
            play(stage)
        finally:
            stage.end()


if __name__ == "__main__":
    main()
