"""Time and CPU of a round against the number of agents: 1,000, 10,000 and 100,000 of them, start-up apart.

The workload is W-hash (the job market of Configs/bench-wmax.yaml with choices from a hash) before an emulator without
latency. CPU is that of our processes, user and system, from the moment a run's first round opens until its last one
closes; the emulator's is told apart. On a machine that others work on, too, the same work costs more CPU time: points
are therefore played --repeats times in turn, smaller ones more often, and the median of each counts. Beside each run a
fixed piece of work is timed (`control_us`); `cpu_us_even` is what a call would have cost had that cost the same in
every play as in the cheapest. On a machine of one's own both columns say the same.
"""

import os
import pathlib
import statistics

import chart
import figure_run

NAME = "time-vs-agents"
ROUNDS = "default 1"
HELP = "CPU and time of a round of 1,000, 10,000 and 100,000 agents"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def add_arguments(parser, numbers, positive):
    parser.add_argument("--agents", type=numbers, metavar="N,N...",
                        help="numbers of agents (default 1000,10000,100000, with --quick 1000,10000)")
    parser.add_argument("--repeats", type=int, default=2,
                        help="plays of the largest point (default 2); one of a tenth the size is played twice as often")
    parser.add_argument("--hosts", type=int, default=1, help="agent-hosts (default 1)")


def draw(options):
    agents = options.agents or ([1_000, 10_000] if options.quick else [1_000, 10_000, 100_000])
    repeats = 1 if options.quick else max(1, options.repeats)
    found = {count: [] for count in agents}
    for count in order(agents, repeats):
        point = measure(options, count, options.rounds or 1)
        print(f"{count} agents: {point['cpu_us_per_call']:.1f} us a call, {point['round_seconds']:.1f} s, "
              f"control {point['control_us']:.0f} us, "
              f"machine load before {point['machine_load_before']:.1f}", flush=True)
        found[count].append(point)
    table = rows(found)
    for row in table:
        figure_run.tell(row)
    figure_run.write(options.out, NAME, table, drawing(table))


def order(agents, repeats):
    """Which point is played when: in turn, so that no point has a quiet hour to itself."""
    turns = []
    for _ in range(repeats):
        for place, count in enumerate(sorted(agents)):
            turns += [count] * min(4, 2 ** (len(agents) - 1 - place))
    return turns


def measure(options, agents, rounds):
    """One play: what a call cost."""
    load = os.getloadavg()[0]
    with figure_run.Stage(options.bin, options.verbose) as stage:
        process, urls = stage.emulator("--policy", "seeded")
        played = stage.play(
            ROOT / "Configs/bench-wmax.yaml", urls, urls[0], agents, rounds, options.seed,
            more=["--hosts", str(options.hosts)])
        emulator = figure_run.cpu(process.pid)
    calls = max(1, played.calls)
    in_rounds = played.spent_in_rounds()
    spent = sum(in_rounds.values())
    return {
        "agents": agents, "rounds": rounds, "calls": played.calls,
        "cpu_us_per_call": spent * 1e6 / calls,
        "round_seconds": played.round_seconds / rounds,
        "calls_per_second": calls / max(1e-9, played.round_seconds),
        "cpu_seconds_in_rounds": spent,
        "cpu_seconds_beside": sum(played.spent().values()) - spent,
        "emulator_us_per_call": emulator * 1e6 / calls,
        "peak_megabytes": played.peak / 1e6,
        "by_process": {name: seconds * 1e6 / calls for name, seconds in in_rounds.items()},
        "control_us": played.control,
        "machine_load_before": load,
    }


def rows(found):
    """The table: of each number of agents the play with the median CPU, compared with that of 10,000, or the first."""
    cheapest = min((play["control_us"] for plays in found.values() for play in plays if play["control_us"]), default=0)
    points = []
    for count in sorted(found):
        plays = sorted(found[count], key=lambda play: play["cpu_us_per_call"])
        middle = dict(plays[(len(plays) - 1) // 2])
        middle["plays"] = len(plays)
        middle["least"], middle["most"] = plays[0]["cpu_us_per_call"], plays[-1]["cpu_us_per_call"]
        middle["cpu_us_per_call"] = statistics.median(play["cpu_us_per_call"] for play in plays)
        middle["even"] = statistics.median(
            play["cpu_us_per_call"] * (cheapest / play["control_us"] if play["control_us"] else 1) for play in plays)
        points.append(middle)
    base = next((point for point in points if point["agents"] == 10_000), points[0])
    names = sorted({name for point in points for name in point["by_process"]})
    table = []
    for point in points:
        row = {
            "agents": point["agents"], "rounds": point["rounds"], "calls": point["calls"], "plays": point["plays"],
            "cpu_us_per_call": round(point["cpu_us_per_call"], 1),
            "against_10000": round(point["cpu_us_per_call"] / base["cpu_us_per_call"], 3),
            "cpu_us_even": round(point["even"], 1),
            "even_against_10000": round(point["even"] / base["even"], 3),
            "least_us": round(point["least"], 1), "most_us": round(point["most"], 1),
        }
        for name in ("round_seconds", "calls_per_second", "cpu_seconds_in_rounds", "cpu_seconds_beside",
                     "emulator_us_per_call", "peak_megabytes", "control_us", "machine_load_before"):
            row[name] = round(point[name], 2)
        row.update({f"{name}_us": round(point["by_process"].get(name, 0), 1) for name in names})
        table.append(row)
    return table


def drawing(table):
    count = [row["agents"] for row in table]
    limit = 1.15 * next((row for row in table if row["agents"] == 10_000), table[0])["cpu_us_even"]
    return chart.page([
        dict(title="Time of a round against agents", x_label="agents", y_label="seconds", x_places=count, log_y=True,
             lines=[("measured", [(row["agents"], row["round_seconds"]) for row in table], False)]),
        dict(title="CPU of a call against agents", x_label="agents", y_label="microseconds", x_places=count,
             lines=[("measured", [(row["agents"], row["cpu_us_per_call"]) for row in table], False),
                    ("at even cost", [(row["agents"], row["cpu_us_even"]) for row in table], False),
                    ("10,000 agents + 15 %", [(count[0], limit), (count[-1], limit)], True)]),
    ])
