"""What the recording of a run says, read only, also while the run goes on."""

import bisect
import hashlib
import json
import pathlib
import sqlite3
import struct


def read(run, query, *values):
    """Rows of the run's recording; None while it cannot be read."""
    try:
        database = sqlite3.connect(f"file:{run}/recording.sqlite?mode=ro", uri=True, timeout=5)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()
    except sqlite3.Error:
        return None


def newest_batch(run):
    """Number and hash of the newest batch that a reader sees."""
    rows = read(run, "SELECT number, hash FROM batches ORDER BY number DESC LIMIT 1")
    return tuple(rows[0]) if rows else None


def mark(run):
    """Number and hash of the batch that the recorder acknowledged last, as recording.acknowledged has them."""
    try:
        content = (pathlib.Path(run) / "recording.acknowledged").read_bytes()
    except OSError:
        return None
    slots = []
    for offset in (0, 4096):
        slot = content[offset:offset + 84]
        if len(slot) == 84 and slot.startswith(b"GenSMark"):
            sequence, number = struct.unpack_from(">QQ", slot, 12)
            slots.append((sequence, number, slot[52:84]))
    if not slots or max(slots)[1] == 0:
        return None
    return max(slots)[1:]


class Batches:
    """Which batch brought which row: keys of a table are numbered in the order of recording."""

    # A batch is on the disk before the next one begins; that is when, unless the recorder had nothing more to do.
    LONGEST_SYNC = 50

    def __init__(self, run, table):
        rows = read(run, "SELECT at, rows FROM batches ORDER BY number") or []
        self.begun = [at for at, _ in rows]
        self.ends, total = [], 0
        for _, counts in rows:
            total += json.loads(counts).get(table, 0)
            self.ends.append(total)

    def begin(self, key):
        """Wall clock in milliseconds at which the batch of the row with this key began."""
        return self.begun[bisect.bisect_left(self.ends, key)]

    def durable(self, key):
        """Wall clock in milliseconds at which the batch of the row with this key was on the disk, at the latest."""
        index = bisect.bisect_left(self.ends, key)
        limit = self.begun[index] + self.LONGEST_SYNC
        return min(limit, self.begun[index + 1]) if index + 1 < len(self.begun) else limit


COUNTED = ("turns", "trees", "calls", "messages", "events", "memories", "consolidations", "failures", "claims")


def contents(run):
    """What must not depend on faults: counts of what has had effect, and a hash of every applied call."""
    counts = {table: read(run, f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}
    counts["turns"] = read(run, "SELECT count(*) FROM turns WHERE status_code IN (1, 2)")[0][0]
    applied = read(
        run, "SELECT turns.identity, calls.n, calls.request, calls.answer, calls.rejection FROM calls "
        "JOIN turns ON turns.id = calls.turn WHERE turns.status_code IN (1, 2) ORDER BY 1, 2")
    counts["calls"] = len(applied)
    content = hashlib.sha256()
    for row in applied:
        content.update(repr(row).encode())
    return {"counts": counts, "applied": content.hexdigest()}


def applied_twice(run):
    """How many turns, or calls of turns, count more than once."""
    turns = read(
        run, "SELECT count(*) FROM (SELECT 1 FROM turns WHERE status_code IN (1, 2) GROUP BY identity "
        "HAVING count(*) > 1)")[0][0]
    calls = read(
        run, "SELECT count(*) FROM (SELECT 1 FROM calls JOIN turns ON turns.id = calls.turn "
        "WHERE turns.status_code IN (1, 2) GROUP BY turns.identity, calls.n HAVING count(*) > 1)")[0][0]
    return turns + calls
