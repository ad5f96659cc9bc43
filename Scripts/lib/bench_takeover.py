"""Kills a host of a large run, with or without the recorder, and prints how soon the lost partitions run again.

All times are read from the recording: when leases were granted again, when each lost partition's round was planned
anew, from when on its turns run, and when the batch with its first outcome, and with its first commit, began. An
outcome waits for the models besides, behind the calls of all other turns.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

from chaoslib import cluster, processes, recording


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench takeover", description="Measures how soon the partitions of a killed host run again.")
    parser.add_argument("compared", choices=("takeover",), help=argparse.SUPPRESS)
    parser.add_argument("--agents", type=int, default=50_000, help="number of agents (default 50000)")
    parser.add_argument("--hosts", type=int, default=2, help="number of agent-hosts (default 2)")
    parser.add_argument("--round", type=int, default=2, help="round in which the host dies (default 2)")
    parser.add_argument("--after", type=int, default=0, help="root turns of that round that have committed by then "
                        "(default 0: before the snapshot of the round before is complete)")
    parser.add_argument("--recorder", action="store_true", help="kill the recorder at the same moment")
    parser.add_argument("--wait", type=int, default=120, help="seconds until what has not come back counts as missing "
                        "(default 120)")
    parser.add_argument("--latency", default="0ms", help="service time of the emulator (default 0ms)")
    parser.add_argument("--parallel", type=int, default=0,
                        help="calls that the emulator works on at a time: with it and "
                        "a latency the models are what the run waits for, else the processors (default 0: all)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the run (default 1)")
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--keep", help="keep the run folder here")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args()
    options.run_seed, options.rounds = options.seed, options.round + 1
    return options


def await_moment(run, options):
    """Until the round is open and as many of its root turns have committed as asked for."""
    while True:
        if run.process.poll() is not None:
            raise cluster.Failure(f"the run ended before round {options.round}: {run.last_words()}")
        found = recording.read(
            run.path, "SELECT (SELECT count(*) FROM trees WHERE round = rounds.round) FROM rounds WHERE round = ?",
            options.round)
        if found and found[0][0] >= options.after:
            return
        time.sleep(0.05)


def kill(run, options):
    """Kills a host, and the recorder if asked to; gives the wall clock after it."""
    members = processes.members(run.pid)
    # Hosts are numbered in the order in which they joined, which is not that of their names: which partitions were
    # lost is seen from the grants.
    hosts = [pid for role, _, pid in members if role == "agent-host"]
    recorders = [pid for role, _, pid in members if role == "recorder"]
    for pid in recorders[:1] * options.recorder + hosts[:1]:
        if not processes.send(run.pid, pid, processes.signal.SIGKILL):
            raise cluster.Failure("a process to be killed was not there")
    return round(time.time() * 1000)


def grants(run, since):
    """When each partition was granted for the first time after a moment; the first loss alone."""
    rows = recording.read(
        run.path, "SELECT at, partition FROM steps WHERE kind = 'granted' AND partition IS NOT NULL AND at >= ? "
        "ORDER BY id", since) or []
    lost = {}
    for at, partition in rows:
        if at < rows[0][0] + 500:
            lost.setdefault(partition, at)
    return lost


def firsts(run, lost, round_number):
    """When each lost partition had its first outcome and its first commit under the new lease."""
    outcomes, commits = {}, {}
    # The run goes on: batches are read after the rows, so that each row's is among them.
    rows = recording.read(
        run.path, "SELECT calls.id, roots.partition FROM calls JOIN turns ON turns.id = calls.turn "
        "JOIN turns AS roots ON roots.id = turns.root WHERE calls.round = ? ORDER BY calls.id", round_number) or []
    batches = recording.Batches(run.path, "calls")
    for key, partition in rows:
        at = batches.begin(key)
        if partition in lost and at > lost[partition]:
            outcomes.setdefault(partition, at)
    rows = recording.read(
        run.path, "SELECT id, partition FROM trees WHERE round = ? ORDER BY id", round_number) or []
    batches = recording.Batches(run.path, "trees")
    for key, partition in rows:
        at = batches.begin(key)
        if partition in lost and at > lost[partition]:
            commits.setdefault(partition, at)
    return outcomes, commits


def preparations(run, lost, since):
    """When each lost partition's round was planned anew: its turns run from then on, as far as models have room."""
    rows = recording.read(
        run.path, "SELECT at, partition FROM steps WHERE kind = 'planned' AND at >= ? ORDER BY id", since) or []
    times = {}
    for at, partition in rows:
        if partition in lost and at >= lost[partition]:
            times.setdefault(partition, at)
    return times


def committed(run, after, lost):
    rows = recording.read(run.path, "SELECT DISTINCT partition FROM trees WHERE id > ?", after) or []
    return {partition for (partition,) in rows} >= set(lost)


def measure(run, options):
    await_moment(run, options)
    last_tree = recording.read(run.path, "SELECT ifnull(max(id), 0) FROM trees")[0][0]
    snapshots = recording.read(run.path, "SELECT count(*) FROM snapshots WHERE round = ?", options.round - 1)[0][0]
    at = kill(run, options)
    deadline, lost = time.monotonic() + options.wait, {}
    while time.monotonic() < deadline and not (lost and committed(run, last_tree, lost)):
        if run.process.poll() not in (None, 0):
            raise cluster.Failure(f"the run ended after the kill: {run.last_words()}")
        lost = grants(run, at)
        time.sleep(0.5)
    outcomes, commits = firsts(run, lost, options.round)
    planned = preparations(run, lost, at)
    granted = min(lost.values()) if lost else None

    def since_grant(found):
        times = sorted(at - lost[partition] for partition, at in found.items())
        return [times[0], times[len(times) // 2], times[-1]] if times else None

    return {
        "agents": options.agents, "hosts": options.hosts, "killed": "host and recorder" if options.recorder else "host",
        "round": options.round, "complete_snapshots_of_the_round_before": snapshots, "partitions_lost": len(lost),
        "partitions_back": len(commits), "kill_to_grant_ms": granted - at if granted else None,
        "grant_to_turns_ms": since_grant(planned), "grant_to_first_outcome_ms": since_grant(outcomes),
        "grant_to_first_commit_ms": since_grant(commits),
    }


def main():
    options = parse()
    binaries = cluster.executables(options.bin)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-takeover-"))
    emulator = cluster.Emulator(options, binaries, folder)
    run = None
    try:
        run = cluster.Run(options, binaries, folder, emulator.url)
        result = measure(run, options)
    except cluster.Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        sys.exit(70)
    finally:
        if run:
            run.stop()
        emulator.stop()
        if options.keep:
            shutil.move(str(folder), options.keep)
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            note = " (shortest, median, longest of the partitions)" if isinstance(value, list) else ""
            print(f"{key:40} {value}{note}")
    sys.exit(0 if result["partitions_lost"] and result["partitions_back"] == result["partitions_lost"] else 1)


if __name__ == "__main__":
    main()
