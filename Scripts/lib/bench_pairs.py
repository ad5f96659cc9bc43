"""Plays the same run in two ways, in turn, and prints what the one costs over the other.

durability: with the recording on the disk, and with the recording in memory.
CPU time is that of the coordinator and every process that it started; the emulator's is not in it.
"""

import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench

COMPARED = {"durability": ("disk", "memory")}


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description="Measures what durability costs in CPU time.")
    parser.add_argument("compared", choices=COMPARED, help=argparse.SUPPRESS)
    parser.add_argument("--agents", type=int, default=50, help="number of agents (default 50)")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default 5)")
    parser.add_argument("--hosts", type=int, default=1, help="number of agent-hosts (default 1)")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs (default 5)")
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def play(binaries, url, folder, options, extra):
    run = folder / "run"
    command = [
        binaries / "coordinator", "run", bench.ROOT / "Configs" / "bench-wmax.yaml", "--run-dir", run,
        "--llm", url, "--embedding", url,
        "--agents", str(options.agents), "--rounds", str(options.rounds), "--hosts", str(options.hosts),
        "--vector-cache", "none", "--json", "--quiet", *extra,
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        print(f"bench: the run ended with status {done.returncode}", file=sys.stderr)
        sys.exit(70)
    report = json.loads(done.stdout.splitlines()[-1])
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    shutil.rmtree(run, ignore_errors=True)
    return cpu, sum(report["calls"].values()), report["digests"][-1], report["seconds"]


def main():
    options = parse()
    binaries = bench.executables(options.bin)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-bench-"))
    emulator, url = bench.start_emulator(binaries, "max", "0ms", 0, folder)
    try:
        ways = ([], ["--no-recording"])
        found, digests, calls = [[], []], set(), 1
        for pair in range(options.pairs):
            # The other way round each time, so that a machine that warms up or fills favours neither.
            for way in (0, 1) if pair % 2 == 0 else (1, 0):
                cpu, calls, digest, seconds = play(binaries, url, folder, options, ways[way])
                found[way].append(cpu)
                digests.add(digest)
                print(f"{COMPARED[options.compared][way]:10} {cpu:8.2f} CPU-s {seconds:8.1f} s", file=sys.stderr)
    finally:
        emulator.terminate()
        emulator.wait()
        shutil.rmtree(folder, ignore_errors=True)
    first, second = (statistics.median(times) for times in found)
    result = {
        "compared": " over ".join(COMPARED[options.compared]), "agents": options.agents, "rounds": options.rounds,
        "pairs": options.pairs, "llm_calls": calls, "digests_equal": len(digests) == 1,
        "cpu_ms_per_llm_call": [round(time * 1000 / max(1, calls), 4) for time in (first, second)],
        "more_percent": round((first / second - 1) * 100, 1),
        "more_percent_of_pairs": [round((a / b - 1) * 100, 1) for a, b in zip(*found)],
    }
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:28} {value}")
    sys.exit(0 if result["digests_equal"] else 1)


if __name__ == "__main__":
    main()
