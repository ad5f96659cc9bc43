"""Finding, signalling and measuring the processes of one run, and of no other."""

import os
import pathlib
import signal

SERVICES = ("agent-host", "llm-gateway", "embedding-gateway", "recorder")
ROLES = ("coordinator",) + SERVICES


def children(parent):
    """Ids of the processes that a process has started."""
    found = []
    try:
        for task in pathlib.Path(f"/proc/{parent}/task").iterdir():
            try:
                found += [int(child) for child in (task / "children").read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def arguments(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status_fields(pid):
    """What follows the name in /proc/PID/stat: state, parent and so on; empty when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return []


def is_running(pid):
    fields = status_fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def members(coordinator):
    """The running processes of a run as (role, name, pid), the coordinator first."""
    found = [("coordinator", "coordinator", coordinator)] if is_running(coordinator) else []
    for pid in sorted(children(coordinator)):
        words = arguments(pid)
        role = os.path.basename(words[0]) if words else ""
        if role in SERVICES and is_running(pid):
            name = words[words.index("--name") + 1] if "--name" in words[:-1] else role
            found.append((role, name, pid))
    return found


def send(coordinator, pid, number):
    """Signals the coordinator or one of its children; False when it is not there or no longer the same process."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # The handle holds on to whatever has the number now: that this is ours is checked behind it.
        if pid != coordinator and (
                pid not in children(coordinator) or os.path.basename((arguments(pid) or [""])[0]) not in SERVICES):
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)


def usage(pid):
    """Resident bytes, open descriptors and start time of a process; None when it has gone."""
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        return pages * os.sysconf("SC_PAGE_SIZE"), descriptors, int(status_fields(pid)[19])
    except (OSError, IndexError):
        return None
