"""Plays a run, kills its processes at seeded moments, and checks that the end is that of the undisturbed run."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time

from chaoslib import cluster, faults, oracle, processes, soak
from chaoslib.served import Served

DESCRIPTION = """\
Plays W-hash (200 agents, 3 rounds, choices drawn from a hash) against the emulator, first undisturbed (kept in the
cache, by configuration and programs), then with kills. A kill is SIGKILL for a process of a role that the seed draws,
once the share of calls that the seed draws has been served; with the coordinator its children go, and the run is
resumed. At the end there must be the digest chain of the undisturbed run, a recording that verifies, every batch that
was seen on the disk or acknowledged, and nothing that counts twice. Exit code 1 and the folder is kept where not.
"""


def natural(text):
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text} is not a number or a range as 1-10")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise argparse.ArgumentTypeError(f"{text} is an empty range")
    return low, high


def roles(text):
    chosen = text.split(",")
    for role in chosen:
        if role not in processes.ROLES + ("all",):
            raise argparse.ArgumentTypeError(f"{role} is none of {', '.join(processes.ROLES)}, all")
    return chosen


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/chaos", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults (default 1)")
    parser.add_argument("--count", type=int, default=1, help="play this many seeds, from --seed on (default 1)")
    parser.add_argument("--kills", type=natural, default=(5, 5),
                        help="kills in a run; a range such as 1-10: the seed draws (default 5)")
    parser.add_argument("--roles", type=roles, default=list(processes.ROLES),
                        help="roles to kill, in a soak to kill or stop, by commas; `all`: all processes at once, not "
                             "a soak (default: each of the five)")
    parser.add_argument("--hosts", type=int, default=2, help="number of agent-hosts (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds (default 3)")
    parser.add_argument("--agents", help="number of agents, or TYPE=N,TYPE=N (default 200, soak 1000)")
    parser.add_argument("--run-seed", type=int, default=1, help="seed of the run (default 1)")
    parser.add_argument("--latency", default="20ms", help="service time of the emulator (default 20ms)")
    parser.add_argument("--parallel", type=int, default=0,
                        help="requests that the emulator serves at once (default: all, soak 4)")
    parser.add_argument("--limit", type=float, default=180, help="seconds after which a run has failed (default 180)")
    parser.add_argument("--soak", type=float, metavar="MINUTES",
                        help="instead: one long run with a fault now and then, its memory and descriptors measured")
    parser.add_argument("--bin", help="folder of the executables (default: GENSIM_BIN, or the release build)")
    parser.add_argument("--folder", help="where folders of runs are made (default: the temporary folder)")
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that went well, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each seed instead of a table")
    return parser.parse_args()


def undisturbed(options, binaries):
    """The run without faults, from the cache or played now."""
    root = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gensim" / "chaos"
    cached = root / f"{cluster.fingerprint(options, binaries)}.json"
    if cached.exists():
        return json.loads(cached.read_text())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-chaos-", dir=options.folder))
    emulator = cluster.Emulator(options, binaries, folder)
    try:
        started = time.monotonic()
        run = cluster.Run(options, binaries, folder, emulator.url)
        try:
            while not run.is_over():
                time.sleep(0.01)
        finally:
            run.stop()
        wall = time.monotonic() - started
    finally:
        emulator.stop()
    result = {**oracle.reference(run), "requests": Served(emulator.served).follow(), "wall_seconds": round(wall, 2)}
    shutil.rmtree(folder, ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(result))
    partial.replace(cached)
    return result


def play(options, binaries, seed, expected):
    """One run with faults; what came of it."""
    low, high = options.kills
    kills = low + seed % (high - low + 1)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"gensim-chaos-{seed}-", dir=options.folder))
    result = {"seed": seed, "planned": kills, "folder": str(folder), "checks": {}}
    emulator = cluster.Emulator(options, binaries, folder)
    try:
        started = time.monotonic()
        run = cluster.Run(options, binaries, folder, emulator.url)
        run.limit += 2 * kills
        served = Served(emulator.served)
        try:
            done, watcher = faults.play(
                run, served, expected["requests"], faults.plan(seed, kills, options.roles), seed, options.limit)
        finally:
            run.stop()
        result["wall_seconds"] = round(time.monotonic() - started, 2)
        emulator.stop()
        served.follow()
        result["checks"], counts = oracle.judge(run, expected, watcher, served)
        oracle.takeovers(run, done)
        result["checks"]["heirs"] = oracle.heirs(done)
        missed = sum(1 for kill in done if kill.get("missed"))
        result.update(counts, starts=run.starts, missed=missed, kills=[kill for kill in done if not kill.get("missed")])
    except (cluster.Failure, TimeoutError) as error:
        result["checks"]["ends"] = str(error)
    finally:
        emulator.stop()
    result["passed"] = all(value is True for value in result["checks"].values())
    if result["passed"] and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
        del result["folder"]
    return result


COLUMNS = (
    ("seed", 6), ("kills", 6), ("roles", 12), ("wall", 7), ("starts", 7), ("sampled", 8), ("lost", 5), ("twice", 6),
    ("again", 6), ("paid", 5), ("void", 5), ("grant ms", 9), ("commit ms", 10), ("slowest ms", 11),
)


def line(result):
    """A run as a row of the table."""
    kills = result.get("kills", [])
    letters = "".join(role_letter(kill["role"]) for kill in kills)
    longest = [max((kill[key] for kill in kills if key in kill and kill["role"] == "agent-host"), default="-")
               for key in ("granted_ms", "recommit_ms", "slowest_ms")]
    cells = [
        result["seed"], len(kills), letters, result.get("wall_seconds", "-"), result.get("starts", "-"),
        result.get("acknowledged_sampled", "-"), result.get("acknowledged_lost", "-"),
        result.get("applied_twice", "-"), result.get("served_again", "-"), result.get("completed_paid_again", "-"),
        result.get("void_calls", "-"), *longest,
    ]
    row = "".join(f"{cell!s:>{width}}" for cell, (_, width) in zip(cells, COLUMNS))
    problems = [f"\n    {name}: {value}" for name, value in result["checks"].items() if value is not True]
    return row + ("" if result["passed"] else f"  FAILED, see {result['folder']}" + "".join(problems))


def role_letter(role):
    return {"coordinator": "C", "agent-host": "H", "llm-gateway": "L", "embedding-gateway": "E", "recorder": "R",
            "all": "A"}[role]


def main():
    # Leaves by way of every `finally`: nothing that was started stays behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = parse()
    binaries = cluster.executables(options.bin)
    if options.soak:
        sys.exit(soak.main(options, binaries))
    options.agents = options.agents or "200"
    expected = undisturbed(options, binaries)
    if not options.json:
        print(f"undisturbed: {expected['requests']} requests, {expected['wall_seconds']} s; roles: C coordinator, "
              "H agent-host, L llm-gateway, E embedding-gateway, R recorder, A all at once")
        print("".join(f"{name:>{width}}" for name, width in COLUMNS), flush=True)
    results = []
    for seed in range(options.seed, options.seed + options.count):
        results.append(play(options, binaries, seed, expected))
        print(json.dumps(results[-1]) if options.json else line(results[-1]), flush=True)
    failed = [result["seed"] for result in results if not result["passed"]]
    if not options.json:
        summary(results, failed)
    sys.exit(1 if failed else 0)


def summary(results, failed):
    kills = [kill for result in results for kill in result.get("kills", [])]
    counts = {role: sum(kill["role"] == role for kill in kills) for role in processes.ROLES + ("all",)}
    print(f"{len(results)} runs, {len(failed)} failed{f': seeds {failed}' if failed else ''}; {len(kills)} kills: "
          + ", ".join(f"{role} {count}" for role, count in counts.items() if count))
    for name in ("acknowledged_lost", "applied_twice", "served_again", "completed_paid_again", "void_calls"):
        print(f"  {name.replace('_', ' ')}: {sum(result.get(name, 0) for result in results)}")
    hosts = [kill for kill in kills if kill["role"] == "agent-host" and "recommit_ms" in kill]
    for name, key in (("kill of a host to first commit", "recommit_ms"),
                      ("new lease to first outcome of the slowest lost partition", "slowest_ms")):
        times = sorted(kill[key] for kill in hosts)
        if times:
            print(f"  {name}: median {times[len(times) // 2]} ms, longest {times[-1]} ms")


if __name__ == "__main__":
    try:
        main()
    except cluster.Failure as failure:
        print(f"chaos: {failure}", file=sys.stderr)
        sys.exit(69)
