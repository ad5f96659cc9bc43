"""One run under measurement: its processes, what they spend and when, and what it recorded of its rounds."""

import csv
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


class Spending(threading.Thread):
    """CPU time of a process and its descendants, by program and over the wall clock."""

    def __init__(self, pid, interval=0.1):
        super().__init__(daemon=True)
        self.pid, self.interval = pid, interval
        self.samples, self.latest, self.peak, self.ended = [], {}, 0, threading.Event()

    def run(self):
        while not self.ended.wait(self.interval):
            self.look()

    def look(self):
        resident = 0
        for pid in family(self.pid):
            try:
                folder = pathlib.Path(f"/proc/{pid}")
                name = (folder / "comm").read_text().strip()
                ticks = (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
                resident += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except (FileNotFoundError, ProcessLookupError, IndexError):
                continue
            self.latest[(pid, name)] = sum(map(int, ticks)) / TICKS
        self.peak = max(self.peak, resident)
        total = {}
        for (_, name), seconds in self.latest.items():
            total[name] = total.get(name, 0) + seconds
        self.samples.append((time.time(), total))

    def stop(self):
        self.ended.set()
        self.join()


class Slowness(threading.Thread):
    """How dear CPU time is on this machine just now: what a fixed piece of work costs, over and over beside a run.

    Others' work takes caches, memory and shared cores away, so that the same instructions cost more CPU time. The piece
    reads numbers that lie scattered over some forty megabytes.
    """

    PIECE = 20_000
    NUMBERS = 1_000_000

    def __init__(self, interval=0.5):
        super().__init__(daemon=True)
        self.interval, self.costs, self.ended = interval, [], threading.Event()
        self.table = list(range(1_000, 1_000 + self.NUMBERS))

    def run(self):
        place = 0
        while not self.ended.wait(self.interval):
            begun = time.thread_time()
            for _ in range(self.PIECE):
                # A step that visits every place once before it comes back.
                place = (place + 618_033) % self.NUMBERS
                self.table[place]
            self.costs.append(time.thread_time() - begun)

    def stop(self):
        """Ends it. Returns the mean cost in microseconds, 0 where it never came to work."""
        self.ended.set()
        self.join()
        return sum(self.costs) * 1e6 / len(self.costs) if self.costs else 0


def family(pid):
    """The process and all that it started and that still live."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def spent_at(samples, instant):
    """CPU seconds by program at an instant, on the straight line between the samples beside it."""
    if not samples:
        return {}
    before = after = None
    for at, total in samples:
        if at <= instant:
            before = (at, total)
        else:
            after = (at, total)
            break
    if before is None or after is None:
        return dict((before or after)[1])
    share = (instant - before[0]) / (after[0] - before[0])
    return {
        name: before[1].get(name, 0) + share * (total - before[1].get(name, 0)) for name, total in after[1].items()}


def spent_between(samples, start, end):
    """CPU seconds by program from one instant to another."""
    first, last = spent_at(samples, start), spent_at(samples, end)
    return {name: seconds - first.get(name, 0) for name, seconds in last.items()}


class Stage:
    """A folder and the processes of one point of a figure; both go with it."""

    def __init__(self, binaries, verbose):
        self.binaries, self.output = binaries, None if verbose else subprocess.DEVNULL
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-figure-"))
        self.emulators = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.emulators:
            process.terminate()
        for process in self.emulators:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def emulator(self, *arguments):
        """Starts emulated servers in one process. Returns it and their addresses."""
        port_file = self.folder / f"emulator-{len(self.emulators)}.port"
        process = subprocess.Popen(
            [self.binaries / "llm-emulator", "--listen", "127.0.0.1:0", "--port-file", port_file, *arguments],
            stdout=subprocess.DEVNULL)
        self.emulators.append(process)
        deadline = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text().strip()):
            if process.poll() is not None or time.monotonic() > deadline:
                fail("an emulator did not start", 69)
            time.sleep(0.02)
        return process, ["http://" + address for address in port_file.read_text().split()]

    def play(self, configuration, llm, embedding, agents, rounds, seed, more=()):
        """Plays a run and returns what it was."""
        run = self.folder / f"run-{time.monotonic_ns()}"
        command = [
            self.binaries / "coordinator", "run", configuration, "--run-dir", run, "--embedding", embedding,
            "--agents", str(agents), "--rounds", str(rounds), "--seed", str(seed), "--vector-cache", "none",
            "--json", *more,
        ]
        for url in llm:
            command += ["--llm", url]
        started = time.time()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.output)
        spending, slowness = Spending(process.pid), Slowness()
        spending.start()
        slowness.start()
        try:
            process.stdout.read()
            status = process.wait()
        finally:
            # An interrupted figure leaves nothing running.
            if process.poll() is None:
                process.kill()
                process.wait()
        ended = time.time()
        spending.stop()
        control = slowness.stop()
        if status:
            fail(f"the run of {agents} agents ended with status {status}; --verbose shows what it said", 70)
        found = Played(run, spending, control, ended - started)
        shutil.rmtree(run)
        return found


class Played:
    """What is known of a run that was played: read from its recording, before the recording goes."""

    def __init__(self, run, spending, control, wall):
        database = sqlite3.connect(f"file:{run / 'recording.sqlite'}?mode=ro", uri=True)
        self.calls = database.execute("SELECT count(*) FROM calls").fetchone()[0]
        opened, closed = database.execute("SELECT min(opened_at), max(closed_at) FROM rounds").fetchone()
        database.close()
        self.opened, self.closed = opened / 1_000, closed / 1_000
        self.wall, self.control = wall, control
        self.peak = spending.peak
        self.samples = spending.samples

    @property
    def round_seconds(self):
        return self.closed - self.opened

    def spent_in_rounds(self):
        return spent_between(self.samples, self.opened, self.closed)

    def spent(self):
        return spent_at(self.samples, float("inf"))


def cpu(pid):
    """CPU seconds that a process has spent."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def statistics(url):
    """What an emulator tells of itself."""
    with urllib.request.urlopen(url + "/stats", timeout=30) as reply:
        return json.loads(reply.read())


def write(folder, name, rows, svg):
    """Writes a figure: the rows as CSV, the drawing beside them."""
    with open(folder / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / f"{name}.svg").write_text(svg)
    print(f"written: {folder / name}.csv, {folder / name}.svg")


def tell(row):
    """Prints a row."""
    print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)


def fail(message, code):
    print(f"figures: {message}", file=sys.stderr)
    sys.exit(code)
