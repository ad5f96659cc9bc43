"""How far the mean rating of films depends on how many agents are asked: its standard deviation over samples of agents.

From a recording of the scenario `recommendation` (--run DIR), or from one that is played against the emulator first. Of
each size many samples are drawn among the agents that have rated a film, and the mean of all ratings of a sample is
taken; what is drawn is the spread of these means over the samples. Samples are drawn without replacement, so that the
spread is 0 where a sample is everybody; --replacement draws with it. An emulator's ratings come from a hash: they show
that everything works, and how fast the spread falls, but nothing about films.
"""

import math
import pathlib
import random
import sqlite3
import statistics
import subprocess
import tempfile

import chart
import figure_run

NAME = "std-vs-agents"
ROUNDS = "default 3"
HELP = "standard deviation of the mean rating of films against the number of agents sampled"
ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES = [step * 10**power for power in range(6) for step in (1, 2, 5)]


def add_arguments(parser, numbers, positive):
    parser.add_argument("--run", type=pathlib.Path, metavar="DIR", help="the folder of a run that was played")
    parser.add_argument("--config", type=pathlib.Path, default=ROOT / "Configs/recommendation-town.yaml",
                        help="what is played where no run is given (default Configs/recommendation-town.yaml)")
    parser.add_argument("--agents", type=int, default=None, help="agents that play (default 1000, with --quick 200)")
    parser.add_argument("--sizes", type=numbers, metavar="N,N...", help="sizes of samples (default 1,2,5,10,20,...)")
    parser.add_argument("--samples", type=int, default=None,
                        help="samples of each size (default 1000, with --quick 200)")
    parser.add_argument("--replacement", action="store_true", help="an agent may be in a sample more than once")


def needs_programs(options):
    return options.run is None


def draw(options):
    samples = options.samples or (200 if options.quick else 1_000)
    if options.run:
        found = ratings(options.run)
    else:
        with tempfile.TemporaryDirectory(prefix="gensim-figure-") as folder:
            found = ratings(play(options, pathlib.Path(folder) / "run"))
    table = rows(found, options.sizes, samples, options.seed, options.replacement)
    for row in table:
        figure_run.tell(row)
    figure_run.write(options.out, NAME, table, drawing(table))


def play(options, run):
    """Plays the configuration against an emulator of its own; returns the run's folder."""
    command = [
        options.bin / "coordinator", "run", options.config, "--llm", "emulator", "--run-dir", run, "--seed",
        str(options.seed), "--rounds", str(options.rounds or 3), "--agents",
        str(options.agents or (200 if options.quick else 1_000)), "--quiet"]
    output = None if options.verbose else subprocess.DEVNULL
    if subprocess.run(command, stdout=output, stderr=output).returncode:
        figure_run.fail("the run did not end as it should; --verbose shows what it said", 70)
    return run


def ratings(run):
    """Ratings in stars by agent, the agents by number."""
    recording = run / "recording.sqlite"
    if not recording.exists():
        figure_run.fail(f"there is no recording in {run}", 66)
    database = sqlite3.connect(f"file:{recording}?mode=ro", uri=True)
    found = {}
    for agent, rating in database.execute(
            "SELECT agent, json_extract(details, '$.rating') FROM events WHERE name = 'rated' ORDER BY id"):
        found.setdefault(agent, []).append(float(rating))
    database.close()
    if not found:
        figure_run.fail(f"nobody rated a film in {run}: is it a run of the scenario recommendation?", 65)
    return [found[agent] for agent in sorted(found)]


def rows(found, sizes, samples, seed, replacement):
    """The table: for each size the mean of the samples' means and their standard deviation, beside what the textbook
    has for the spread of a ratio of means under simple random sampling."""
    totals = [(sum(own), len(own)) for own in found]
    sizes = sizes or [size for size in SIZES if size <= len(totals)]
    if max(sizes) > len(totals) and not replacement:
        figure_run.fail(f"only {len(totals)} agents rated a film; a sample of {max(sizes)} needs --replacement", 65)
    mean = sum(stars for stars, _ in totals) / sum(count for _, count in totals)
    per_agent = statistics.fmean(count for _, count in totals)
    spread = math.sqrt(sum((stars - mean * count) ** 2 for stars, count in totals)
                       / max(1, len(totals) - 1)) / per_agent
    table = []
    for size in sizes:
        # Each size has draws of its own: asking for others changes none of them.
        generator = random.Random(f"{seed} {size}")
        means = []
        for _ in range(samples):
            drawn = generator.choices(totals, k=size) if replacement else generator.sample(totals, size)
            means.append(sum(stars for stars, _ in drawn) / sum(count for _, count in drawn))
        left = 1 if replacement else 1 - size / len(totals)
        table.append({
            "agents": size, "of": len(totals), "samples": samples, "mean_rating": round(statistics.fmean(means), 4),
            "std": round(statistics.pstdev(means), 5), "expected_std": round(spread * math.sqrt(left / size), 5)})
    return table


def drawing(table):
    return chart.page([
        dict(title="Spread of the mean rating", x_label="agents sampled", y_label="standard deviation, stars",
             x_places=[row["agents"] for row in table if str(row["agents"])[0] == "1"], names_low=False,
             lines=[("measured", [(row["agents"], row["std"]) for row in table], False),
                    ("expected", [(row["agents"], row["expected_std"]) for row in table], True)]),
    ])
