"""The figures: how a run's time goes with the number of model servers and with the number of agents, and how much less
a mean rating spreads the more agents are asked.

Each writes a CSV and an SVG of the same name into the folder of --out, and prints its rows as they are found.
"""

import argparse
import os
import pathlib
import sys

import figure_agents
import figure_gpus
import figure_std

ROOT = pathlib.Path(__file__).resolve().parents[2]


def numbers(text):
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not a list of numbers such as 1,2,4") from None
    if not found or min(found) < 1 or len(set(found)) != len(found):
        raise argparse.ArgumentTypeError(f"{text}: numbers from 1 on, each once")
    return sorted(found)


def positive(text):
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found <= 1_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0, 1000 at most")
    return found


def parse(arguments=None):
    parser = argparse.ArgumentParser(
        prog="Scripts/figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures = parser.add_subparsers(dest="figure", required=True)
    for module in (figure_gpus, figure_agents, figure_std):
        entry = figures.add_parser(
            module.NAME, help=module.HELP, description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter)
        entry.set_defaults(module=module)
        entry.add_argument("--out", required=True, type=pathlib.Path, help="folder for CSV and SVG")
        entry.add_argument("--quick", action="store_true", help="fewer points, smaller runs: whether it works at all")
        entry.add_argument("--rounds", type=int, help=f"rounds of each run ({module.ROUNDS})")
        entry.add_argument("--seed", type=int, default=1, help="seed of the runs (default 1)")
        entry.add_argument("--bin", help="folder of the executables (default: the release build)")
        entry.add_argument("--verbose", action="store_true", help="show what the processes print")
        module.add_arguments(entry, numbers, positive)
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds takes a number from 1 on")
    return options


def main():
    options = parse()
    options.bin = pathlib.Path(options.bin or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release")
    plays = getattr(options.module, "needs_programs", lambda _: True)(options)
    if plays and not (options.bin / "coordinator").exists():
        print(f"figures: no executables in {options.bin}; run `swift build -c release` first", file=sys.stderr)
        sys.exit(69)
    options.out.mkdir(parents=True, exist_ok=True)
    options.module.draw(options)


if __name__ == "__main__":
    main()
