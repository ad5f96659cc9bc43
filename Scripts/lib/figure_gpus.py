"""Time of a run against the number of model servers: the job market before 1, 2, 4 and 8 emulated GPUs.

The servers are `llm-emulator --gpu-model`, with continuous batching and a prefix cache; a real llm-gateway stands
before them and real processes play the run. Seconds are those of the emulated GPUs, from the first request to the last
answer of the run, rounds and the time between them included. The emulator's clock runs --speed times as fast
as the wall's, so that delays of this machine count --speed times; `late_mean` and `late_most` say by how many of
those seconds answers left later than they were ready.

efficiency   seconds of the fewest servers, times their number, over seconds here times their number here
ideal        no scheduler takes less: the larger of the first point's computing, shared out evenly, and of `chain`,
             what the same rounds take when next to nobody is there. Their ratio to the first point is ideal_efficiency
busy         share of their time in which servers computed
cached       share of prompt tokens that were found in a server's cache
"""

import os
import pathlib

import chart
import figure_run

NAME = "time-vs-gpus"
ROUNDS = "default 3, with --quick 1"
HELP = "the job market before 1, 2, 4 and 8 emulated servers"
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Enough that each profile is there once, few enough that nobody waits for anybody.
CHAIN_AGENTS = 56


def add_arguments(parser, numbers, positive):
    parser.add_argument("--servers", type=numbers, metavar="N,N...",
                        help="numbers of servers (default 1,2,4,8, with --quick 1,4)")
    parser.add_argument("--agents", type=int, help="agents (default 2000, with --quick 500)")
    parser.add_argument("--speed", type=positive, default=3.0, help="seconds of the GPUs in a second (default 3)")
    parser.add_argument("--gpu-model", default=ROOT / "Configs/gpu/figures.json", type=pathlib.Path,
                        help="what each server is (default Configs/gpu/figures.json)")
    parser.add_argument("--config", default=ROOT / "Configs/job-market.yaml", type=pathlib.Path,
                        help="what is played (default Configs/job-market.yaml)")


def draw(options):
    servers = options.servers or ([1, 4] if options.quick else [1, 2, 4, 8])
    agents = options.agents or (500 if options.quick else 2_000)
    rounds = options.rounds or (1 if options.quick else 3)
    chain = measure(options, max(servers), min(CHAIN_AGENTS, agents), rounds)["seconds"]
    found = []
    for count in servers:
        found.append(measure(options, count, agents, rounds))
        figure_run.tell(rows(found, chain)[-1])
    figure_run.write(options.out, NAME, rows(found, chain), drawing(rows(found, chain), agents, rounds))


def measure(options, servers, agents, rounds):
    """One point: a run before so many servers."""
    load = os.getloadavg()[0]
    with figure_run.Stage(options.bin, options.verbose) as stage:
        process, urls = stage.emulator(
            "--servers", str(servers), "--gpu-model", options.gpu_model, "--speed", str(options.speed))
        _, vectors = stage.emulator()
        played = stage.play(options.config, urls, vectors[0], agents, rounds, options.seed)
        gpus = [figure_run.statistics(url)["gpu"] for url in urls]
        point = account(gpus)
        point.update(
            agents=agents, rounds=rounds, calls=played.calls, wall_seconds=round(played.wall, 1),
            cpu_seconds=round(sum(played.spent().values()), 1),
            emulator_cpu_seconds=round(figure_run.cpu(process.pid), 1),
            machine_load_before=round(load, 1))
    return point


def account(gpus):
    """What the GPUs of one point tell together."""
    finished = max(1, sum(gpu["finished"] for gpu in gpus))
    worked = [gpu for gpu in gpus if gpu["finished"]]
    if not worked:
        figure_run.fail("no server was asked anything", 70)
    seconds = max(gpu["last_end_seconds"] for gpu in worked) - min(gpu["first_arrival_seconds"] for gpu in worked)
    busy = sum(gpu["busy_seconds"] for gpu in gpus)
    return {
        "servers": len(gpus),
        "seconds": seconds,
        "busy_seconds": busy,
        "busy": busy / (seconds * len(gpus)),
        "cached": sum(gpu["cached_tokens"] for gpu in gpus) / max(1, sum(gpu["prompt_tokens"] for gpu in gpus)),
        "sequences_in_a_step": sum(gpu["sequences_in_steps"] for gpu in gpus)
        / max(1, sum(gpu["steps"] for gpu in gpus)),
        "late_mean": sum(gpu["late_seconds"] for gpu in gpus) / finished,
        "late_most": max(gpu["longest_late_seconds"] for gpu in gpus),
    }


def rows(points, chain):
    """The table: the points, with what follows from comparing them with the first."""
    first = points[0]
    work = first["seconds"] * first["servers"]
    table = []
    for point in points:
        ideal = max(first["busy_seconds"] / point["servers"], chain)
        row = {
            "servers": point["servers"], "agents": point["agents"], "rounds": point["rounds"], "calls": point["calls"],
            "seconds": round(point["seconds"], 2),
            "speedup": round(first["seconds"] / point["seconds"], 3),
            "efficiency": round(work / (point["servers"] * point["seconds"]), 3),
            "ideal_seconds": round(ideal, 2),
            "ideal_efficiency": round(work / (point["servers"] * ideal), 3),
            "chain_seconds": round(chain, 2),
        }
        row.update({
            name: round(point[name], 4)
            for name in ("busy", "busy_seconds", "cached", "sequences_in_a_step", "late_mean", "late_most")})
        row.update({name: point[name] for name in (
            "wall_seconds", "cpu_seconds", "emulator_cpu_seconds", "machine_load_before")})
        table.append(row)
    return table


def drawing(table, agents, rounds):
    count = [row["servers"] for row in table]
    return chart.page([
        dict(title=f"Time against servers: {agents:,} agents, {rounds} rounds", x_label="servers",
             y_label="seconds of the servers' clock", x_places=count, log_y=True, names_low=False,
             lines=[("measured", [(row["servers"], row["seconds"]) for row in table], False),
                    ("ideal", [(row["servers"], row["ideal_seconds"]) for row in table], True)]),
        dict(title="Efficiency", x_label="servers", y_label="share of linear speed-up", x_places=count,
             lines=[("measured", [(row["servers"], row["efficiency"]) for row in table], False),
                    ("ideal", [(row["servers"], row["ideal_efficiency"]) for row in table], True),
                    ("target 0.9", [(count[0], 0.9), (count[-1], 0.9)], True)]),
    ])
