"""A long run with a fault now and then, while memory and descriptors of every process are measured."""

import json
import pathlib
import random
import shutil
import signal
import tempfile
import threading
import time

from . import cluster, faults, oracle, processes, recording
from .served import Served

INTERVAL = 5
# A process fills its caches and windows at first; what it holds then is no growth. Longer than a round takes here,
# since a host holds what is new in a round until the snapshot behind it.
WARM_UP = 120
# Series that are shorter after warm-up say nothing about a slope.
SHORTEST = 30
# More than are played in hours, and few enough that the disk is expected to hold them.
ROUNDS = 400
# Seconds from one fault to the next, and how many of them pass without any after each block of all faults.
PERIOD, QUIET = 45, 90
# Seconds that a process is stopped: longer than the lease of a host (6 s), shorter than anyone's patience.
STOPPED = {"agent-host": 9, "llm-gateway": 4, "embedding-gateway": 4, "recorder": 5}
# Seconds without a new batch after which the run counts as dead. A process that dies is back within a few seconds, and
# time in which one is stopped does not count: nothing that this program does explains such a silence.
SILENCE = 60
# Caches and memories that are full within the warm-up, so that what grows on is a leak: at their defaults they would
# fill for longer than the processes of a soak live. Hosts load the memories of more agents than they may hold; the
# window bounds what turns in flight hold besides.
SERVICE_ARGUMENTS = (
    "agent-host --memory-bytes 8388608", "embedding-gateway --memory-bytes 4194304",
    "llm-gateway --shared-bytes 4194304", "recorder --cache-bytes 4194304")
LIMITS = "\nlimits:\n  root_window: 8\n"
AGENTS, PARALLEL = 1_000, 4
FAULTS = [("kill", role) for role in processes.ROLES] + [("stop", role) for role in STOPPED]

# What is allowed: bytes a minute that a role may grow by, all series of it taken together, and most bytes ever. What
# still grows: in hosts the memories of agents whose turns are in flight (10 kB a minute for each of 16), in the
# recorder keys of texts that wait to be entered (2.5 MB, entered every 6 minutes), and everywhere the allocator's
# fragments. A leak of 100 bytes in each call would be 1 MB a minute. The most that any process needs is a host that has
# taken the other's agents over: 30 MB of program, 8 MB of memories, and what is new in two rounds of all agents.
SLOPE_BYTES = dict.fromkeys(processes.ROLES, 1 << 20)
MOST_BYTES = 128 << 20
SLOPE_DESCRIPTORS = 1.0
MOST_DESCRIPTORS = 256


class Sampler(threading.Thread):
    """Resident bytes and descriptors of each process of a run; a process that was started again is a new series."""

    def __init__(self, run, emulator):
        super().__init__(daemon=True)
        self.run_of, self.emulator = run, emulator
        self.series, self.ended = {}, threading.Event()

    def run(self):
        while not self.ended.wait(INTERVAL):
            found = processes.members(self.run_of.pid) + [("llm-emulator", "llm-emulator", self.emulator)]
            for role, name, pid in found:
                usage = processes.usage(pid)
                if usage:
                    memory, descriptors, started = usage
                    self.series.setdefault((role, name, pid, started), []).append(
                        (time.monotonic(), memory, descriptors))

    def stop(self):
        self.ended.set()
        self.join()


def slope(series, column):
    """Growth a minute by least squares over all series together, each with a level of its own."""
    products = squares = 0.0
    for points in series:
        times = [point[0] / 60 for point in points]
        values = [point[column] for point in points]
        middle, level = sum(times) / len(times), sum(values) / len(values)
        products += sum((time - middle) * (value - level) for time, value in zip(times, values))
        squares += sum((time - middle) ** 2 for time in times)
    return products / squares if squares else 0.0


def report(all_series):
    """For each role: how many processes, how they grew, the most they had."""
    roles = {}
    for role in processes.ROLES + ("llm-emulator",):
        mine = [points for key, points in sorted(all_series.items()) if key[0] == role]
        if not mine:
            continue
        warm = [[point for point in points if point[0] - points[0][0] >= WARM_UP] for points in mine]
        warm = [points for points in warm if points and points[-1][0] - points[0][0] >= SHORTEST]
        roles[role] = {
            "processes": len(mine), "measured": len(warm), "samples": sum(map(len, warm)),
            "bytes_per_minute": round(slope(warm, 1)),
            "most_bytes": max(point[1] for points in mine for point in points),
            "descriptors_per_minute": round(slope(warm, 2), 2),
            "most_descriptors": max(point[2] for points in mine for point in points),
        }
    return roles


def judge(roles):
    """Which bounds do not hold."""
    wrong = []
    for role, bound in SLOPE_BYTES.items():
        if not roles.get(role, {}).get("measured"):
            wrong.append(f"{role} was never measured")
            continue
        found = roles[role]
        for name, value, most in (
                ("bytes a minute", found["bytes_per_minute"], bound), ("bytes", found["most_bytes"], MOST_BYTES),
                ("descriptors a minute", found["descriptors_per_minute"], SLOPE_DESCRIPTORS),
                ("descriptors", found["most_descriptors"], MOST_DESCRIPTORS)):
            if value > most:
                wrong.append(f"{role}: {value} {name}, bound {most}")
    return wrong


class Liveness:
    """Whether the run goes on: a new batch again and again, but for the time in which a process is stopped."""

    def __init__(self, now):
        self.newest, self.since = None, now
        self.stopped_at, self.longest = None, 0.0

    def note(self, now, batch):
        """The newest batch that is on the disk; None where it cannot be read."""
        if batch is not None and batch != self.newest:
            self.longest = max(self.longest, self.silence(now))
            self.newest, self.since = batch, now
            if self.stopped_at is not None:
                self.stopped_at = now

    def stopped(self, now):
        """A process stands still from now on."""
        self.stopped_at = now

    def resumed(self, now):
        """It goes on: the time between does not count."""
        if self.stopped_at is not None:
            self.since += now - self.stopped_at
            self.stopped_at = None

    def silence(self, now):
        """Seconds without a new batch that nothing explains."""
        return (now if self.stopped_at is None else self.stopped_at) - self.since

    def problem(self, now):
        """What is wrong, or None."""
        silence = self.silence(now)
        return f"no new batch for {silence:.0f} s, bound {SILENCE}" if silence > SILENCE else None


def ended_early(played, planned):
    """What is wrong with a run that is over after so many seconds, or None."""
    return f"the run ended after {played / 60:.1f} of {planned / 60:g} minutes" if played < planned else None


def kinds(roles):
    """The faults of these roles; those of all processes at once are not for a soak."""
    chosen = [fault for fault in FAULTS if fault[1] in roles]
    if not chosen:
        raise cluster.Failure(f"a soak has no faults of {', '.join(roles)}")
    return chosen


class Faults:
    """Faults in an order that the seed shuffles anew for each block, with quiet between the blocks."""

    def __init__(self, seed, run, watcher, liveness, roles):
        self.kinds = kinds(roles)
        self.chance, self.run, self.watcher = random.Random(f"soak {seed}"), run, watcher
        self.liveness = liveness
        self.block, self.done = [], []
        self.next = time.monotonic() + PERIOD
        self.stopped = None

    def step(self):
        """Does what is due."""
        now = time.monotonic()
        if self.stopped and now >= self.stopped[1]:
            self.resume()
        if self.stopped or now < self.next:
            return
        if not self.block:
            self.block = list(self.kinds)
            self.chance.shuffle(self.block)
        kind, role = self.block[-1]
        if kind == "kill":
            entry = faults.kill(self.run, role, self.chance, self.watcher, 0)
        else:
            entry = self.stop(role)
        if entry is None:
            return
        self.block.pop()
        self.run.limit += 2
        self.done.append({"kind": kind, **entry})
        self.next = now + (PERIOD if self.block else QUIET)

    def stop(self, role):
        pid = faults.victim(self.run, role, self.chance)
        if pid is None or not processes.send(self.run.pid, pid, signal.SIGSTOP):
            return None
        self.stopped = (pid, time.monotonic() + STOPPED[role])
        self.liveness.stopped(time.monotonic())
        return {"role": role, "at": round(time.time() * 1000)}

    def resume(self):
        """Lets the process go on that is stopped, if there is one."""
        if self.stopped:
            processes.send(self.run.pid, self.stopped[0], signal.SIGCONT)
            self.stopped = None
            self.liveness.resumed(time.monotonic())


def configuration(folder):
    """The benchmark's configuration with limits of our own."""
    copies = folder / "Configs"
    shutil.copytree(cluster.ROOT / "Configs", copies)
    path = copies / "soak.yaml"
    path.write_text((copies / cluster.CONFIGURATION.name).read_text() + LIMITS)
    return path


def main(options, binaries):
    """Plays for so many minutes and returns the exit code."""
    options.rounds = ROUNDS
    options.parallel = options.parallel or PARALLEL
    options.agents = options.agents or AGENTS
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-soak-", dir=options.folder))
    emulator = cluster.Emulator(options, binaries, folder)
    result = {"seed": options.seed, "minutes": options.soak, "folder": str(folder)}
    try:
        further = [word for arguments in SERVICE_ARGUMENTS for word in ("--service-args", arguments)]
        run = cluster.Run(options, binaries, folder, emulator.url, configuration(folder), further)
        watcher, sampler = faults.Watcher(run.path), Sampler(run, emulator.process.pid)
        started = time.monotonic()
        liveness = Liveness(started)
        shifting = Faults(options.seed, run, watcher, liveness, options.roles)
        watcher.start()
        sampler.start()
        served = Served(emulator.served)
        planned = options.soak * 60
        try:
            while time.monotonic() - started < planned and "failure" not in result:
                if run.is_over():
                    result["failure"] = ended_early(time.monotonic() - started, planned)
                    break
                shifting.step()
                liveness.note(time.monotonic(), watcher.newest)
                if problem := liveness.problem(time.monotonic()):
                    result["failure"] = problem
                time.sleep(0.05)
        except cluster.Failure as failure:
            result["failure"] = str(failure)
        finally:
            shifting.resume()
            sampler.stop()
            watcher.stop()
            run.stop(120)
            watcher.sample()
        emulator.stop()
        if recording.newest_batch(run.path) is None:
            raise cluster.Failure(result.get("failure", "the run left no recording that can be read"))
        served.follow()
        checks, counts = oracle.judge(run, None, watcher, served)
        oracle.takeovers(run, shifting.done)
        result.update(
            counts, checks=checks, starts=run.starts, faults=shifting.done,
            longest_silence=round(liveness.longest, 1))
        result["rounds"] = len([line for line in run.ask("digest")[1].split("\n") if line])
        result["roles"] = report(sampler.series)
        result["series"] = [
            {"role": key[0], "name": key[1], "samples": [[round(at - points[0][0]), *rest] for at, *rest in points]}
            for key, points in sorted(sampler.series.items())]
        result["bounds"] = judge(result["roles"])
    finally:
        emulator.stop()
    result["passed"] = "failure" not in result and not result["bounds"] and all(
        value is True for value in result["checks"].values())
    (folder / "soak.json").write_text(json.dumps(result))
    if options.json:
        print(json.dumps(result))
    else:
        show(result)
    if result["passed"] and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if result["passed"] else 1


def show(result):
    """The figures as a table."""
    print(f"{result['minutes']} minutes, {result['rounds']} rounds, {result['requests']} requests, "
          f"{len(result['faults'])} faults, {result['starts']} starts of the coordinator")
    print(f"{'role':20}{'processes':>10}{'measured':>10}{'MB/min':>9}{'most MB':>9}{'fds/min':>9}{'most fds':>9}")
    for role, found in result["roles"].items():
        print(f"{role:20}{found['processes']:>10}{found['measured']:>10}{found['bytes_per_minute'] / 1e6:>9.2f}"
              f"{found['most_bytes'] / 1e6:>9.1f}{found['descriptors_per_minute']:>9.2f}{found['most_descriptors']:>9}")
    print(f"  longest time without a new batch: {result['longest_silence']} s")
    for name in ("acknowledged_lost", "applied_twice", "served_again", "completed_paid_again", "void_calls"):
        print(f"  {name.replace('_', ' ')}: {result[name]}")
    problems = result["bounds"] + [f"{name}: {value}" for name, value in result["checks"].items() if value is not True]
    for problem in problems + ([result["failure"]] if "failure" in result else []):
        print(f"  FAILED: {problem}; see {result['folder']}")
