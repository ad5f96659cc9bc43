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
# Within so many milliseconds of new leases a lost partition has committed again, where nothing else was killed
# meanwhile.
HEIRS_LIMIT = 3000
# Roles that leases are lost with.
HOLDERS = ("agent-host", "coordinator", "all")


def recommits(run, kills):
    """Adds to each kill that cost leases how long it was until the new ones, and until the first commit under them."""
    grants = recording.read(
        run.path, "SELECT at, partition FROM steps WHERE kind = 'granted' AND partition IS NOT NULL ORDER BY id") or []
    trees = recording.read(run.path, "SELECT id, partition FROM trees ORDER BY id") or []
    batches = recording.Batches(run.path, "trees")
    commits = [(batches.begin(key), partition) for key, partition in trees]
    for index, kill in enumerate(kills):
        if kill.get("missed") or kill["role"] not in HOLDERS:
            continue
        # Leases behind the next such kill are not this one's.
        later = [other["at"] for other in kills[index + 1:] if "at" in other and other["role"] in HOLDERS]
        end = min(later, default=1 << 62)
        mine = [(at, partition) for at, partition in grants if kill["at"] <= at < end]
        if not mine:
            continue
        lost = {partition: at for at, partition in mine if at < mine[0][0] + TOGETHER}
        kill["granted_ms"] = mine[0][0] - kill["at"]
        first = next((at for at, partition in commits if partition in lost and at > lost[partition]), None)
        if first is not None:
            kill["recommit_ms"] = first - kill["at"]


def heirs(kills):
    """Whether the partitions of every host that was killed ran again soon enough: True or what is wrong."""
    late = []
    for index, kill in enumerate(kills):
        if kill["role"] != "agent-host" or "recommit_ms" not in kill:
            continue
        since_grant = kill["recommit_ms"] - kill["granted_ms"]
        others = [other["at"] for other in kills[index + 1:] if "at" in other]
        if since_grant > HEIRS_LIMIT and not any(at < kill["at"] + kill["recommit_ms"] for at in others):
            late.append(since_grant)
    return not late or f"lost partitions committed again only {late} ms after their new leases"
