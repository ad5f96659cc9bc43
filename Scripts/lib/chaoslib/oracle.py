"""What must hold at the end of a run with faults, against the same run without."""

from . import recording


def reference(run):
    """What a run without faults came to."""
    status, digests, errors = run.ask("digest")
    if status != 0:
        raise RuntimeError(f"coordinator digest: {errors}")
    return {"digests": digests.split("\n"), **recording.contents(run.path)}


def judge(run, expected, watcher, served):
    """The invariants as {name: True or what is wrong}, and what was counted.

    `expected`: the undisturbed run, or None where there is none to compare with.
    """
    checks, counts = {}, {}
    if expected:
        status, output, errors = run.ask("digest")
        same = status == 0 and output.split("\n") == expected["digests"]
        checks["digests"] = same or f"another chain: {output} {errors}".strip()
    status, output, errors = run.ask("verify")
    checks["verify"] = status == 0 or (output + errors).strip()
    batches = dict(recording.read(run.path, "SELECT number, hash FROM batches") or [])
    known = {**watcher.seen, **watcher.marks}
    lost = sorted(number for number, hash in known.items() if batches.get(number) != hash)
    counts["acknowledged_sampled"], counts["acknowledged_lost"] = len(known), len(lost)
    checks["acknowledged"] = not lost or f"batches {lost[:5]} are not in the final chain"
    counts["applied_twice"] = recording.applied_twice(run.path)
    checks["once"] = counts["applied_twice"] == 0 or f"{counts['applied_twice']} turns or calls count twice"
    if expected:
        now = recording.contents(run.path)
        differing = {name: (value, now["counts"][name]) for name, value in expected["counts"].items()
                     if now["counts"][name] != value}
        same = now["applied"] == expected["applied"]
        checks["same"] = (not differing and same) or f"undisturbed and now: {differing}, same calls: {same}"
    paid = served.paid(run.path)
    # A call that is recorded and was never served would mean that the two are told apart wrongly, and nothing counted.
    checks["served"] = not paid["unserved"] or f"recorded and never served: {paid['unserved'][:5]}"
    counts["requests"], counts["served_again"] = paid["requests"], paid["again"]
    counts["completed_paid_again"] = len(paid["completed_again"])
    checks["paid"] = not paid["completed_again"] or f"completed and paid again: {paid['completed_again'][:5]}"
    counts["paid_again_calls"] = paid["completed_again"][:20]
    counts["void_calls"] = recording.read(run.path, "SELECT count(*) FROM void_calls")[0][0]
    return checks, counts


# Leases that are granted within so many milliseconds of the first belong to the same loss.
TOGETHER = 500
# Within so many milliseconds of its new lease each lost partition with turns left has an outcome or a commit.
HEIRS_LIMIT = 3000
# Roles that leases are lost with.
HOLDERS = ("agent-host", "coordinator", "all")
# Roles without which no partition is prepared: one that died shortly before, or meanwhile, is an excuse.
EXCUSES = HOLDERS + ("recorder",)


def takeovers(run, kills):
    """Adds to each kill that cost leases how soon there were new ones, and how soon the partitions ran under them."""
    grants = recording.read(
        run.path, "SELECT at, round, partition FROM steps WHERE kind = 'granted' AND partition IS NOT NULL "
        "ORDER BY id") or []
    rows = recording.read(run.path, "SELECT id, round, partition FROM trees ORDER BY id") or []
    batches = recording.Batches(run.path, "trees")
    commits = [(batches.begin(key), round_number, partition) for key, round_number, partition in rows]
    rows = recording.read(
        run.path, "SELECT calls.id, calls.round, roots.partition FROM calls JOIN turns ON turns.id = calls.turn "
        "JOIN turns AS roots ON roots.id = turns.root ORDER BY calls.id") or []
    batches = recording.Batches(run.path, "calls")
    outcomes = [(batches.begin(key), round_number, partition) for key, round_number, partition in rows]
    measure(kills, grants, outcomes, commits)


def measure(kills, grants, outcomes, commits):
    """The same of (milliseconds, round, partition), each in the order of time.

    `granted_ms` and `recommit_ms` count from the kill to the first lease and the first commit, `slowest_ms` from the
    lease of a partition to its first outcome or commit, for the partition that took longest.
    """
    signs = sorted(outcomes + commits)
    for index, kill in enumerate(kills):
        if kill.get("missed") or kill["role"] not in HOLDERS:
            continue
        # Leases behind the next such kill are not this one's.
        later = [other["at"] for other in kills[index + 1:] if "at" in other and other["role"] in HOLDERS]
        end = min(later, default=1 << 62)
        mine = [grant for grant in grants if kill["at"] <= grant[0] < end]
        if not mine:
            continue
        lost = {}
        for at, round_number, partition in mine:
            if at < mine[0][0] + TOGETHER:
                lost.setdefault((round_number, partition), at)
        kill["granted_ms"] = mine[0][0] - kill["at"]
        first, run_again = None, {}
        for at, *key in commits:
            if tuple(key) in lost and at > lost[tuple(key)]:
                first = at if first is None else first
                # Something was left to run: the partition's first sign of life counts, and no later than the next loss.
                run_again[tuple(key)] = end
        for at, *key in reversed(signs):
            if tuple(key) in run_again and at > lost[tuple(key)]:
                run_again[tuple(key)] = min(at, end)
        if first is not None:
            kill["recommit_ms"] = first - kill["at"]
            kill["slowest_ms"], kill["slowest_at"] = max((at - lost[key], at) for key, at in run_again.items())


def heirs(kills):
    """Whether each partition of every host that was killed ran again soon enough: True or what is wrong."""
    late = []
    for index, kill in enumerate(kills):
        if kill["role"] != "agent-host" or kill.get("slowest_ms", 0) <= HEIRS_LIMIT:
            continue
        begin, end = kill["at"] - HEIRS_LIMIT, kill["slowest_at"]
        others = [other["at"] for place, other in enumerate(kills)
                  if place != index and "at" in other and other["role"] in EXCUSES]
        if not any(begin <= at < end for at in others):
            late.append(kill["slowest_ms"])
    return not late or f"a lost partition ran again only {late} ms after its new lease"
