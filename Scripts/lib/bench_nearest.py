"""Times our exact nearest-neighbour search beside FAISS's flat index, both on one thread.

768 dimensions, random unit vectors, inner product, the 10 nearest. FAISS holds components in single precision, ours is
exact in 16-bit fixed point. Of FAISS's two ways of searching for many queries the faster one counts. The
shortest of many repetitions counts: what else the machine does is no property of a search.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

# Before numpy and FAISS are imported: they read it once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import faiss  # noqa: E402
import numpy  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIMENSION, WANTED, SECONDS = 768, 10, 2.0
SIZES, BATCHES = (1_000, 10_000, 100_000), (1, 64)


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description="Times our exact search beside FAISS's flat index, on one thread.")
    parser.add_argument("workload", choices=("nearest",))
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def ours(folder):
    program = pathlib.Path(folder or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release") / "nearest-benchmark"
    if not program.exists():
        print(f"bench: {program} is missing; run `swift build -c release --product nearest-benchmark`", file=sys.stderr)
        sys.exit(69)
    lines = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {(int(rows), int(batch)): float(time) for rows, batch, time in map(str.split, lines)}


def units(generator, count):
    vectors = generator.standard_normal((count, DIMENSION), dtype=numpy.float32)
    faiss.normalize_L2(vectors)
    return vectors


def theirs():
    faiss.omp_set_num_threads(1)
    generator, found = numpy.random.default_rng(1), {}
    for rows in SIZES:
        index = faiss.IndexFlatIP(DIMENSION)
        index.add(units(generator, rows))
        for batch in BATCHES:
            queries = units(generator, batch)
            # By matrix products, which is FAISS's own choice from 20 queries on, and by its loop over vectors.
            found[rows, batch] = min(shortest(index, queries, threshold) for threshold in (20, 1 << 30))
    return found


def shortest(index, queries, threshold):
    faiss.cvar.distance_compute_blas_threshold = threshold
    index.search(queries, WANTED)
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        began = time.perf_counter()
        index.search(queries, WANTED)
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def main():
    options = parse()
    mine, faiss_times = ours(options.bin), theirs()
    rows = [
        {"vectors": key[0], "queries": key[1], "ours_us": round(mine[key], 1), "faiss_us": round(faiss_times[key], 1),
         "faiss_over_ours": round(faiss_times[key] / mine[key], 2)}
        for key in sorted(mine)
    ]
    if options.json:
        print(json.dumps({"faiss": faiss.__version__, "options": faiss.get_compile_options().strip(), "rows": rows}))
        return
    print(f"FAISS {faiss.__version__} ({faiss.get_compile_options().strip()}), one thread, {DIMENSION} dimensions")
    print("| vectors | queries at once | ours | FAISS flat | FAISS / ours |\n| ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {row['vectors']:,} | {row['queries']} | {row['ours_us']:,.0f} us | {row['faiss_us']:,.0f} us | "
              f"{row['faiss_over_ours']:.2f} |")


if __name__ == "__main__":
    main()
