"""Plays a large run and prints what its snapshots cost of all the CPU time that the run took.

The parts are measured where they happen, by the processor time of the thread that does them, and told in the logs of
hosts and recorder: not the difference of two runs, which is smaller than what two equal runs differ by. A host counts
capturing, packing and what it notes when a piece is durable; the recorder counts decoding, writing, and the whole
transaction with its sync wherever a batch holds a piece, which is rather too much. Not counted is the way through the
sockets, about one copy of each byte at either end.
"""

import argparse
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import bench


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench snapshots", description="Measures what snapshots cost of a run's CPU time.")
    parser.add_argument("compared", choices=("snapshots",), help=argparse.SUPPRESS)
    parser.add_argument("--agents", type=int, default=100_000, help="number of agents (default 100000)")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds (default 3)")
    parser.add_argument("--hosts", type=int, default=2, help="number of agent-hosts (default 2)")
    parser.add_argument("--jobs", type=int, default=5, help="jobs that a seeker may apply for, 1 to 5: fewer are fewer "
                        "calls (default 5)")
    parser.add_argument("--bound", type=float, default=2.0, help="largest share in percent (default 2)")
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--keep", help="keep the run folder here")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def configuration(folder, jobs):
    copies = folder / "Configs"
    shutil.copytree(bench.ROOT / "Configs", copies)
    path = copies / "bench-wmax.yaml"
    path.write_text(re.sub(r"max_jobs: \d+", f"max_jobs: {jobs}", path.read_text()))
    return path


def logged(run, pattern, message):
    """The last line of each process that says `message`, as {key: number}."""
    found = []
    for log in sorted((run / "logs").glob(pattern)):
        lines = [line for line in log.read_text(errors="replace").splitlines() if f": {message} " in line]
        if lines:
            found.append({key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", lines[-1])})
    return found


def main():
    options = parse()
    binaries = bench.executables(options.bin)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-bench-"))
    run = pathlib.Path(options.keep).resolve() if options.keep else folder / "run"
    emulator, url = bench.start_emulator(binaries, "seeded", "0ms", 0, folder)
    try:
        command = [
            binaries / "coordinator", "run", configuration(folder, options.jobs), "--run-dir", run, "--llm", url,
            "--embedding", url, "--agents", str(options.agents), "--rounds", str(options.rounds), "--hosts",
            str(options.hosts), "--json", "--quiet",
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        watch = bench.MemoryWatch(process.pid)
        watch.start()
        output = process.stdout.read()
        status = process.wait()
        watch.ended.set()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status != 0:
            print(f"bench: the run ended with status {status}", file=sys.stderr)
            sys.exit(70)
        report = json.loads(output.splitlines()[-1])
        sent = logged(run, "agent-host-*.log", "snapshots sent")
        stored = logged(run, "recorder.log", "snapshots stored")
    finally:
        emulator.terminate()
        emulator.wait()
        shutil.rmtree(folder, ignore_errors=True)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    by_role = {}
    for name, seconds in watch.cpu.items():
        role = name.rsplit(" ", 1)[0]
        by_role[role] = by_role.get(role, 0) + seconds
    hosts, recorder = (sum(line["cpu_us"] for line in lines) / 1e6 for lines in (sent, stored))
    calls, captured = sum(report["calls"].values()), sum(line["agents"] for line in sent)
    result = {
        "agents": options.agents, "rounds": options.rounds, "hosts": options.hosts, "llm_calls": calls,
        "llm_calls_per_agent_round": round(calls / options.agents / options.rounds, 2),
        "cpu_seconds": round(cpu, 1), "cpu_seconds_of_hosts": round(by_role.get("agent-host", 0), 1),
        "cpu_seconds_of_recorder": round(by_role.get("recorder", 0), 1),
        "snapshot_cpu_seconds_in_hosts": round(hosts, 3), "snapshot_cpu_seconds_in_recorder": round(recorder, 3),
        "snapshot_percent": round((hosts + recorder) / cpu * 100, 2),
        "heads": captured, "pieces": sum(line["pieces"] for line in sent),
        "bytes_per_head": round(sum(line["bytes"] for line in sent) / max(1, captured)),
        "snapshot_cpu_us_per_head": round((hosts + recorder) * 1e6 / max(1, captured), 2),
        "snapshot_cpu_us_per_llm_call": round((hosts + recorder) * 1e6 / max(1, calls), 2),
        "longest_capture_ms": max((line["longest_capture_us"] for line in sent), default=0) / 1000,
        "seconds": report["seconds"], "peak_resident_bytes": watch.peak, "digest": report["digests"][-1],
    }
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:34} {value}")
    sys.exit(0 if sent and stored and result["snapshot_percent"] <= options.bound else 1)


if __name__ == "__main__":
    main()
