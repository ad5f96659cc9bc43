"""An emulator and the coordinator that plays a run against it, started again for as long as the run is not over."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFIGURATION = ROOT / "Configs" / "bench-wmax.yaml"
PROGRAMS = ("coordinator", "agent-host", "llm-gateway", "embedding-gateway", "recorder", "llm-emulator")
# A run that ended by a lost process (69: before it was ready), by a signal or by being killed can be resumed.
RESUMABLE = (69, 75, 130, -signal.SIGKILL)


class Failure(Exception):
    """Something without which nothing can be said."""


def executables(folder):
    path = pathlib.Path(folder or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release").resolve()
    if not (path / "coordinator").exists():
        print(f"chaos: no executables in {path}; run `swift build -c release` first", file=sys.stderr)
        sys.exit(69)
    return path


def fingerprint(options, binaries):
    """What the undisturbed run depends on: its configuration, and the programs."""
    content = hashlib.sha256()
    files = [CONFIGURATION] + sorted(path for path in (ROOT / "Configs/job-market").rglob("*") if path.is_file())
    for path in files:
        content.update(path.read_bytes())
    for name in PROGRAMS:
        facts = (binaries / name).stat()
        content.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    content.update(json.dumps(
        [str(binaries), options.agents, options.rounds, options.hosts, options.run_seed, options.latency,
         options.parallel]).encode())
    return content.hexdigest()[:24]


class Emulator:
    def __init__(self, options, binaries, folder):
        self.served = folder / "served"
        port = folder / "emulator.port"
        self.process = subprocess.Popen(
            [binaries / "llm-emulator", "--listen", "127.0.0.1:0", "--policy", "seeded", "--latency", options.latency,
             "--parallel", str(options.parallel), "--port-file", port, "--served", self.served],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not (port.exists() and port.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Failure("the emulator did not start")
            time.sleep(0.02)
        self.url = "http://" + port.read_text().strip()

    def stop(self):
        """Ends it; it writes down what it has not written yet."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


class Run:
    """A run that goes on after each end that can be resumed."""

    def __init__(self, options, binaries, folder, url, configuration=CONFIGURATION, further=()):
        self.options, self.binaries, self.folder, self.url = options, binaries, folder, url
        self.configuration, self.further = configuration, further
        self.path = folder / "run"
        self.starts, self.limit = 0, 3
        self.process = None
        self.start()

    def start(self):
        command = [self.binaries / "coordinator", "run"]
        if (self.path / "recording.sqlite").exists():
            command += ["--resume", self.path]
        else:
            command += [self.configuration, "--run-dir", self.path, "--agents", str(self.options.agents),
                        "--seed", str(self.options.run_seed)]
        command += ["--llm", self.url, "--embedding", self.url, "--rounds", str(self.options.rounds),
                    "--hosts", str(self.options.hosts), "--vector-cache", "none", "--quiet", *self.further]
        self.starts += 1
        with open(self.folder / "coordinator.log", "ab") as log:
            log.write(f"-- start {self.starts}\n".encode())
            log.flush()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    @property
    def pid(self):
        return self.process.pid

    def is_over(self):
        """Whether the run has ended; one that can be resumed is resumed, as often as there were faults and a bit."""
        status = self.process.poll()
        if status is None:
            return False
        if status == 0:
            return True
        if status not in RESUMABLE or self.starts >= self.limit:
            raise Failure(f"the coordinator ended with status {status} after {self.starts} starts: {self.last_words()}")
        self.start()
        return False

    def last_words(self):
        lines = (self.folder / "coordinator.log").read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:])

    def stop(self, limit=60):
        """Ends the coordinator in good order, or at last at once; its children leave with it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def ask(self, *arguments):
        """One of the coordinator's other commands on this run: status and output."""
        ending = subprocess.run(
            [self.binaries / "coordinator", *arguments[:1], self.path, *arguments[1:]], capture_output=True, text=True)
        return ending.returncode, ending.stdout, ending.stderr
