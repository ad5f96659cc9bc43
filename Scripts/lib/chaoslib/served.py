"""The file of `llm-emulator --served`: what was paid."""

import json

from . import recording


class Served:
    """Follows the file while it grows."""

    def __init__(self, path):
        self.path, self.offset, self.rest = path, 0, b""
        self.lines, self.distinct = [], set()

    def follow(self):
        """Takes in what is new, and returns the number of different requests that were answered."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                content = file.read()
        except FileNotFoundError:
            return 0
        self.offset += len(content)
        *lines, self.rest = (self.rest + content).split(b"\n")
        for line in lines:
            entry = json.loads(line)
            self.lines.append(entry)
            self.distinct.add((entry["call"], entry["request"]))
        return len(self.distinct)

    def paid(self, run):
        """How often a request was paid again: in all, and after its outcome was durable."""
        batches = recording.Batches(run, "calls")
        durable = {}
        for table in ("calls", "void_calls"):
            for key, identity, number in recording.read(
                    run, f"SELECT c.id, turns.identity, c.n FROM {table} AS c JOIN turns ON turns.id = c.turn "
                    # What tokenizers counted was paid to nobody, and is in no file.
                    "WHERE c.kind <> 'count'"):
                name = f"{identity.hex()}.{number}"
                durable[name] = min(durable.get(name, 1 << 62), batches.durable(key))
        first, again, completed = {}, 0, []
        for entry in sorted(self.lines, key=lambda entry: entry["ended"]):
            key = (entry["call"], entry["request"])
            if key not in first:
                first[key] = entry["ended"]
                continue
            again += 1
            at = durable.get(entry["call"])
            # Only what was answered before it was written down can be the answer that was written down.
            if at is not None and first[key] <= at < entry["arrived"]:
                completed.append({"call": entry["call"], "durable": at, "arrived": entry["arrived"]})
        unserved = set(durable) - {call for call, _ in first}
        return {"requests": len(first), "again": again, "completed_again": completed, "unserved": sorted(unserved)}
