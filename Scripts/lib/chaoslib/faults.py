"""Which process is killed when, and what was seen of it."""

import random
import signal
import threading
import time

from . import processes, recording

# How long a kill waits for a process of its role: after another kill there may be none for a moment.
PATIENCE = 30


def plan(seed, kills, roles):
    """Kills as (share of the calls that are served by then, role), in the order of the shares."""
    chance = random.Random(f"chaos {seed}")
    order = []
    while len(order) < kills:
        block = list(roles)
        chance.shuffle(block)
        order += block
    chance.shuffle(order := order[:kills])
    return sorted((round(chance.uniform(0.02, 0.95), 4), role) for role in order)


class Watcher(threading.Thread):
    """Collects what the recorder has made durable while the run goes on."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self.run_folder = run
        self.seen, self.marks, self.lock = {}, {}, threading.Lock()
        # Number of the newest batch that was seen.
        self.newest = None
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.03):
            self.sample()

    def sample(self):
        """Notes the newest batch and the mark of what was acknowledged."""
        newest, mark = recording.newest_batch(self.run_folder), recording.mark(self.run_folder)
        with self.lock:
            if newest:
                self.seen[newest[0]] = newest[1]
                self.newest = newest[0]
            if mark:
                self.marks[mark[0]] = mark[1]

    def stop(self):
        self.ended.set()
        self.join()


def victim(run, role, chance):
    """A running process of the role, by chance where there are several."""
    candidates = [pid for member, _, pid in processes.members(run.pid) if member == role]
    return chance.choice(candidates) if candidates else None


def kill(run, role, chance, watcher, progress):
    """Kills one process of the role, or all; what happened, or None when there is none to kill now."""
    if role == "all":
        pids = [pid for _, _, pid in processes.members(run.pid)]
    else:
        pid = victim(run, role, chance)
        pids = [pid] if pid is not None else []
    if not pids:
        return None
    watcher.sample()
    at = time.time() * 1000
    # The coordinator last: it would start again what is killed after it.
    hit = [processes.send(run.pid, pid, signal.SIGKILL) for pid in reversed(pids)]
    if not any(hit):
        return None
    if role in ("coordinator", "all"):
        run.process.wait()
    return {"role": role, "at": round(at), "progress": progress}


def play(run, served, total, planned, seed, limit):
    """Plays the run to its end with the planned kills; returns them as they were, and what the watcher saw."""
    chance = random.Random(f"victims {seed}")
    watcher = Watcher(run.path)
    watcher.start()
    done, waiting, late_since = [], list(planned), None
    deadline = time.monotonic() + limit
    try:
        while not run.is_over():
            progress = served.follow() / max(1, total)
            if waiting and progress >= waiting[0][0] and run.process.poll() is None:
                entry = kill(run, waiting[0][1], chance, watcher, round(progress, 4))
                late_since = late_since or time.monotonic()
                if entry or time.monotonic() - late_since > PATIENCE:
                    done.append(entry or {"role": waiting[0][1], "missed": True})
                    waiting.pop(0)
                    late_since = None
            if time.monotonic() > deadline:
                raise TimeoutError(f"the run has not ended after {limit} s")
            time.sleep(0.004)
    finally:
        watcher.stop()
    watcher.sample()
    return done + [{"role": role, "missed": True} for _, role in waiting], watcher
