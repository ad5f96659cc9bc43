"""Runs a workload against the emulator and prints what our processes spent on it.

CPU time is user plus system of the coordinator and every process it started, from start to exit, as the operating
system accounts for them once they have ended; the emulator is started apart and is not counted. Calls are the rows of
the table `calls`.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench",
        description="Runs a workload against the emulator and prints calls, CPU per LLM call and memory. "
        "`durability`, `snapshots` and `takeover` measure what the store costs and does, `gateway` the llm-gateway, "
        "`embeddings` the embedding-gateway with its server, `nearest` the search for vectors; see their own --help.",
    )
    parser.add_argument(
        "workload",
        nargs="?",
        default="w-max",
        choices=("w-max", "w-hash", "scale", "replay"),
        help="w-max: every choice takes the last option, the longest path (default); w-hash: choices from a hash; "
        "scale: w-hash with 100,000 agents and one round; replay: plays w-hash with 1000 agents and 3 rounds on 4 "
        "slots of 20 ms, which takes two to three minutes, and measures its replay",
    )
    parser.add_argument("--agents", type=int, help="number of agents (default 50, scale 100000, replay 1000)")
    parser.add_argument("--rounds", type=int, help="number of rounds (default 2, scale 1, replay 3)")
    parser.add_argument("--hosts", type=int, default=1, help="number of agent-hosts (default 1)")
    parser.add_argument("--latency", help="service time of the emulator (default 0ms, replay 20ms)")
    parser.add_argument("--slots", type=int, help="requests that the emulator serves at once; 0 for any number "
                        "(default 0, replay 4)")
    parser.add_argument("--replays", type=int, default=5, help="replays, of which the median counts (default 5)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the run (default 1)")
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--keep", help="keep the run folder here")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def executables(folder):
    path = pathlib.Path(folder or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release")
    if not (path / "coordinator").exists():
        print(f"bench: no executables in {path}; run `swift build -c release` first", file=sys.stderr)
        sys.exit(69)
    return path


def start_emulator(binaries, policy, latency, slots, folder):
    port_file = folder / "emulator.port"
    process = subprocess.Popen(
        [binaries / "llm-emulator", "--listen", "127.0.0.1:0", "--policy", policy, "--latency", latency,
         "--parallel", str(slots), "--port-file", port_file],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while not (port_file.exists() and port_file.read_text().strip()):
        if process.poll() is not None or time.monotonic() > deadline:
            print("bench: the emulator did not start", file=sys.stderr)
            sys.exit(69)
        time.sleep(0.02)
    return process, "http://127.0.0.1:" + port_file.read_text().strip().rsplit(":", 1)[-1]


class MemoryWatch(threading.Thread):
    """Samples memory and CPU time of a process and its descendants; keeps the largest memory and the last time."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.by_role, self.cpu, self.ended = pid, 0, {}, {}, threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            total, by_role = 0, {}
            for pid in self.family():
                try:
                    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
                    name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
                    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
                    self.cpu[f"{name} {pid}"] = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
                except (FileNotFoundError, ProcessLookupError, IndexError):
                    continue
                total += pages * resource.getpagesize()
                by_role[name] = by_role.get(name, 0) + pages * resource.getpagesize()
            if total > self.peak:
                self.peak, self.by_role = total, by_role

    def family(self):
        found, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            try:
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    waiting += [int(child) for child in (task / "children").read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found


def disk_bytes(run):
    return sum(path.stat().st_size for path in run.glob("recording.sqlite*"))


def measure_replay(binaries, run, times):
    """Replays a run several times; the one with the median of CPU time counts, as the whole process spent it."""
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        done = subprocess.run([binaries / "coordinator", "replay", run, "--json"], stdout=subprocess.PIPE)
        wall = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            print(f"bench: the replay ended with status {done.returncode}; its run: {run}", file=sys.stderr)
            sys.exit(1)
        cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
        found.append((cpu, wall, json.loads(done.stdout)))
    cpu, wall, report = sorted(found, key=lambda one: one[0])[len(found) // 2]
    calls = max(1, report["llm_calls"])
    return {
        "digests_equal": report["equal"],
        "run_seconds": report["original_seconds"],
        "replay_seconds": round(wall, 3),
        "factor": round(report["original_seconds"] / wall, 1),
        "replayed_calls_per_second": round(calls / wall),
        "replay_cpu_us_per_llm_call": round(cpu * 1e6 / calls, 2),
        "replay_cpu_us_per_call": round(cpu * 1e6 / (calls + report["embedding_calls"]), 2),
    }


def main():
    options = parse()
    replays = options.workload == "replay"
    binaries = executables(options.bin)
    scale = options.workload == "scale"
    agents = options.agents or (100_000 if scale else 1000 if replays else 50)
    rounds = options.rounds or (1 if scale else 3 if replays else 2)
    latency = options.latency or ("20ms" if replays else "0ms")
    slots = options.slots if options.slots is not None else (4 if replays else 0)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-bench-"))
    run = pathlib.Path(options.keep).resolve() if options.keep else folder / "run"
    emulator, url = start_emulator(
        binaries, "max" if options.workload == "w-max" else "seeded", latency, slots, folder)
    try:
        command = [
            binaries / "coordinator", "run", ROOT / "Configs" / "bench-wmax.yaml", "--run-dir", run,
            "--llm", url, "--embedding", url, "--agents", str(agents), "--rounds", str(rounds),
            "--hosts", str(options.hosts), "--seed", str(options.seed), "--vector-cache", "none", "--json",
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                   stderr=None if not options.json else subprocess.DEVNULL)
        watch = MemoryWatch(process.pid)
        watch.start()
        output = process.stdout.read()
        status = process.wait()
        wall = time.monotonic() - started
        watch.ended.set()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status != 0:
            print(f"bench: the run ended with status {status}; its folder: {run}", file=sys.stderr)
            sys.exit(status if status > 0 else 70)
        cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
        database = sqlite3.connect(f"file:{run / 'recording.sqlite'}?mode=ro", uri=True)
        calls = database.execute("SELECT count(*) FROM calls").fetchone()[0]
        embeddings = database.execute("SELECT count(*) FROM embedding_calls").fetchone()[0]
        seekers = database.execute("SELECT count(*) FROM agents WHERE type = 'seeker'").fetchone()[0]
        database.close()
        result = {
            "workload": options.workload,
            "agents": agents,
            "rounds": rounds,
            "hosts": options.hosts,
            "llm_calls": calls,
            "embedding_calls": embeddings,
            "calls_per_seeker_round": round(calls / max(1, seekers * rounds), 2),
            "cpu_seconds": round(cpu, 3),
            "cpu_ms_per_llm_call": round(cpu * 1000 / max(1, calls), 4),
            "cpu_ms_per_seeker_round": round(cpu * 1000 / max(1, seekers * rounds), 3),
            "wall_seconds": round(wall, 2),
            "calls_per_second": round(calls / wall, 1),
            "peak_resident_bytes": watch.peak,
            "resident_bytes_per_agent": round(watch.peak / agents),
            "resident_by_process": dict(sorted(watch.by_role.items())),
            "cpu_seconds_by_process": {name.rsplit(" ", 1)[0]: cpu for name, cpu in sorted(watch.cpu.items())},
            "disk_bytes": disk_bytes(run),
            "disk_bytes_per_llm_call": round(disk_bytes(run) / max(1, calls), 1),
            "digest": json.loads(output.splitlines()[-1])["digests"][-1] if output.strip() else None,
        }
        if replays:
            result.update(measure_replay(binaries, run, max(1, options.replays)))
        if options.json:
            print(json.dumps(result))
        else:
            for key, value in result.items():
                print(f"{key:28} {value}")
    finally:
        emulator.terminate()
        emulator.wait()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
