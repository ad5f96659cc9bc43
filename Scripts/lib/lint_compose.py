"""Checks a compose file against the rules that keep it scalable and closed; prints what breaks them.

usage: lint_compose.py COMPOSE_FILE FOLDER        (leaves with 1 if a rule is broken)

FOLDER holds the executables: every option in a command must be one that the program knows.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

# Replicas of these are started with --scale: nothing in them may exist only once.
SCALED = {"agent-host"}
# Speaks HTTP alone, and so needs no socket of ours.
WITHOUT_SOCKETS = {"llm-emulator"}
EXPECTED = {"coordinator", "recorder", "llm-gateway", "embedding-gateway", "agent-host", "llm-emulator"}
SOCKETS = "/run/gensim"


def words(service: dict) -> list[str]:
    """The program and its arguments, without a shell in front."""
    command = [str(word) for word in service.get("command", [])]
    if command[:2] == ["sh", "-c"]:
        return shlex.split(command[2].removeprefix("exec "))
    return command


def lint_options(name: str, service: dict, binaries: Path) -> list[str]:
    """What the service's command says that its program does not know."""
    program, *arguments = words(service) or [name]
    subcommand = arguments[:1] if arguments and not arguments[0].startswith("-") else []
    answer = subprocess.run(
        [binaries / program, *subcommand, "--help"], capture_output=True, text=True, timeout=30)
    if answer.returncode != 0:
        return [f"`{program} --help` leaves with {answer.returncode}: {answer.stderr.strip()}"]
    known = set(re.findall(r"--[a-z][a-z-]*", answer.stdout))
    used = {word.split("=")[0] for word in arguments if word.startswith("--")}
    return [f"`{program}` knows no option {option}" for option in sorted(used - known)]


def lint_service(name: str, service: dict, names: set[str], root: Path) -> list[str]:
    problems = []

    if not (root / "services" / name / "README.md").is_file():
        problems.append(f"there is no services/{name}/README.md")
    command = words(service)
    if command[:1] != [name]:
        problems.append(f"its command must run `{name}`")

    for key in ("container_name", "hostname"):
        if key in service:
            problems.append(f"`{key}` keeps a second one from starting")
    for key in ("privileged", "pid", "ipc"):
        if key in service:
            problems.append(f"`{key}` opens the machine to the container")
    if service.get("network_mode") == "host":
        problems.append("`network_mode: host` opens the machine to the container")
    if "user" in service:
        problems.append("`user` belongs into the Dockerfile")

    ports = service.get("ports", [])
    if ports and name in SCALED:
        problems.append("a published port can't be shared by replicas")
    for port in ports:
        if not str(port).startswith("127.0.0.1:"):
            problems.append(f"port {port} must be published on 127.0.0.1 alone")

    targets = [str(volume).split(":")[1] for volume in service.get("volumes", [])]
    if (SOCKETS in targets) == (name in WITHOUT_SOCKETS):
        problems.append(f"{SOCKETS} must {'not ' if name in WITHOUT_SOCKETS else ''}be mounted")
    if name in SCALED and targets != [SOCKETS]:
        problems.append("replicas may share no volume but the sockets")

    if name in SCALED:
        log = command[command.index("--trap-log") + 1] if "--trap-log" in command[:-1] else ""
        # Anywhere else it is gone when the container starts again, and under another name replicas share it.
        if not log.startswith(f"{SOCKETS}/") or "$$(hostname)" not in log:
            problems.append(f"its trap log must lie in {SOCKETS} and be called by the host name")

    check = service.get("healthcheck", {}).get("test", [])
    if len(check) < 2 or check[0] != "CMD" or check[-1] not in command:
        problems.append("its health check must look at the readiness file that its command names")

    for other, link in (service.get("depends_on") or {}).items():
        if other not in names:
            problems.append(f"depends on `{other}`, which does not exist")
        elif link.get("condition") != "service_healthy":
            problems.append(f"must wait until `{other}` is healthy, not only started")
    return problems


def lint(path: Path, binaries: Path) -> list[str]:
    root = path.resolve().parent.parent
    content = yaml.safe_load(path.read_text())
    services = content["services"]
    problems = [f"service `{name}` is missing" for name in sorted(EXPECTED - services.keys())]

    images = {str(service.get("image")) for service in services.values()}
    if len(images) != 1:
        problems.append(f"one image for all, not {', '.join(sorted(images))}")
    builds = {str(service.get("build", {}).get("dockerfile")) for service in services.values()}
    if builds != {"services/Dockerfile"}:
        problems.append(f"all are built from services/Dockerfile, not from {', '.join(sorted(builds))}")
    for name, service in services.items():
        found = lint_service(name, service, services.keys(), root) + lint_options(name, service, binaries)
        problems += [f"{name}: {problem}" for problem in found]

    dockerfile = (root / "services" / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in dockerfile if line.startswith("USER ")]
    if not users or users[-1] in ("root", "0"):
        problems.append("services/Dockerfile: the image must not run as root")
    for line in dockerfile:
        if line.startswith("FROM ") and (":" not in line or ":latest" in line):
            problems.append(f"services/Dockerfile: `{line}` names no version")
    return problems


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    problems = lint(Path(sys.argv[1]), Path(sys.argv[2]))
    for problem in problems:
        print(f"{sys.argv[1]}: {problem}", file=sys.stderr)
    if problems:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
