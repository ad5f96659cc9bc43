"""One text per request from 64 clients through the embedding-gateway, beside the best that its server does when asked
directly in batches.

The server is the emulator with the cost of TEI on an L4: one request is computed after the other, in 0.864 ms +
0.331 ms for each text + 5.2 us for each pair of texts, and a request of more than 32 texts is refused. The direct rate
is swept over sizes of a request and requests in flight; every text is asked for once, so no cache helps.
"""

import argparse
import http.client
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import msgpack
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
COST = ["--embedding-base", "864us", "--embedding-per-text", "331us", "--embedding-per-pair", "5.2us"]
SIZES, WINDOWS = (1, 2, 4, 8, 12, 16, 24, 32), (1, 2, 4, 8)
HELLO, WELCOME, EMBED, EMBEDDED, FLOAT16 = 1, 2, 90, 91, 2
TEXT = "Text {} of a population's memories, about as long as what agents remember of one another in a round of turns."


def parse():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description="Measures the embedding-gateway under single texts from many clients.")
    parser.add_argument("workload", choices=("embeddings",))
    parser.add_argument("--clients", type=int, default=64, help="clients with one request each (default 64)")
    parser.add_argument("--pairs", type=int, default=7, help="measurements of each, in turn (default 7)")
    parser.add_argument("--seconds", type=float, default=3, help="time of each of these measurements (default 3)")
    parser.add_argument("--sweep-seconds", type=float, default=1, help="time of each direct measurement (default 1)")
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args()


def start(arguments, ready, limit=20):
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + limit
    while not (ready.exists() and ready.read_text().strip()):
        if process.poll() is not None or time.monotonic() > deadline:
            print(f"bench: {arguments[0].name} did not start", file=sys.stderr)
            sys.exit(69)
        time.sleep(0.02)
    return process, ready.read_text().strip()


def direct(port, size, window, seconds, numbers):
    """Texts per second, with `window` connections that each have one request of `size` texts under way."""
    done, ends, lock = [0], time.monotonic() + seconds, threading.Lock()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            texts = [TEXT.format(next(numbers)) for _ in range(size)]
            body = json.dumps({"model": "emulator", "input": texts, "encoding_format": "base64"})
            connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                raise SystemExit(f"bench: the server answered HTTP {reply.status}")
            if time.monotonic() > ends:
                return connection.close()
            with lock:
                done[0] += size

    threads = [threading.Thread(target=ask) for _ in range(window)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done[0] / (ends - began)


def cpu(process):
    ticks = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


class Clients:
    """Clients of the gateway, each with a connection of its own and one text under way."""

    def __init__(self, endpoint, count, numbers):
        self.context, self.poller, self.numbers = zmq.Context(), zmq.Poller(), numbers
        self.sockets, self.sent = [], {}
        for number in range(count):
            socket = self.context.socket(zmq.DEALER)
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(endpoint)
            socket.send(msgpack.packb([1, [HELLO, 0, [1, "bench", f"client-{number}", number + 1]]]))
            if msgpack.unpackb(socket.recv())[1][0] != WELCOME:
                raise SystemExit("bench: the gateway does not welcome its clients")
            self.sockets.append(socket)
            self.poller.register(socket, zmq.POLLIN)
        for socket in self.sockets:
            self.ask(socket)

    def ask(self, socket):
        text = TEXT.format(next(self.numbers))
        socket.send(msgpack.packb([1, [EMBED, 1 + len(self.sent), [2, [text], FLOAT16]]]))
        self.sent[socket] = time.perf_counter()

    def work(self, seconds):
        """Texts per second and the time of each answer."""
        times, began = [], time.perf_counter()
        while time.perf_counter() - began < seconds:
            for socket, _ in self.poller.poll(100):
                for kind, _, body in msgpack.unpackb(socket.recv())[1:]:
                    if kind < 16:
                        continue
                    if kind != EMBEDDED:
                        raise SystemExit(f"bench: the gateway answered {body}")
                    times.append(time.perf_counter() - self.sent[socket])
                    self.ask(socket)
        return len(times) / (time.perf_counter() - began), times


def main():
    options = parse()
    binaries = pathlib.Path(options.bin or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release")
    if not (binaries / "embedding-gateway").exists():
        print(f"bench: no executables in {binaries}; run `swift build -c release` first", file=sys.stderr)
        sys.exit(69)
    numbers = itertools.count()
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            emulator, address = start(
                [binaries / "llm-emulator", "--listen", "127.0.0.1:0", "--parallel", "1", "--embedding-batch", "32",
                 *COST, "--port-file", folder / "port"], folder / "port")
            processes.append(emulator)
            port = int(address.rsplit(":", 1)[-1])
            sweep = {(size, window): direct(port, size, window, options.sweep_seconds, numbers)
                     for size in SIZES for window in WINDOWS}
            gateway, endpoint = start(
                [binaries / "embedding-gateway", "--listen", f"ipc://{folder}/gateway", "--embedding",
                 f"http://127.0.0.1:{port}", "--ready-file", folder / "ready", "--log-level", "info"], folder / "ready")
            processes.append(gateway)
            clients = Clients(f"ipc://{folder}/gateway", options.clients, numbers)
            # Until it has found its size of a batch.
            clients.work(5)
            # In turn, so that both rates come from the same state of the machine; the median of the shares counts.
            size, window = max(sweep, key=sweep.get)
            pairs, times, spent = [], [], 0
            for _ in range(options.pairs):
                clients.work(0.5)
                before = cpu(gateway)
                rate, waited = clients.work(options.seconds)
                spent += cpu(gateway) - before
                times += waited
                pairs.append((rate, direct(port, size, window, options.seconds, numbers)))
            clients.context.destroy(linger=0)
            gateway.terminate()
            summary = [line for line in gateway.communicate()[1].splitlines() if "asked" in line]
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                process.wait()
    times.sort()
    pairs.sort(key=lambda pair: pair[0] / pair[1])
    rate, best = pairs[len(pairs) // 2]
    result = {
        "direct_sweep": {f"{size}x{window}": round(value) for (size, window), value in sweep.items()},
        "best_direct": {"texts": size, "in_flight": window, "texts_per_second": round(best)},
        "gateway_texts_per_second": round(rate),
        "shares": [round(mine / other, 3) for mine, other in pairs],
        "share_of_best": round(rate / best, 3),
        "latency_ms": {"p50": round(times[len(times) // 2] * 1e3, 2),
                       "p99": round(times[len(times) * 99 // 100] * 1e3, 2)},
        "gateway_cpu_us_per_text": round(spent * 1e6 / len(times), 1), "gateway": summary[-1:] or [""],
    }
    if options.json:
        print(json.dumps(result))
        return
    print("Direct, texts/s:")
    print("| texts in a request | " + " | ".join(f"{window} in flight" for window in WINDOWS) + " |")
    print("| ---: |" + " ---: |" * len(WINDOWS))
    for size in SIZES:
        print(f"| {size} | " + " | ".join(f"{sweep[size, window]:,.0f}" for window in WINDOWS) + " |")
    print(f"Best direct: {result['best_direct']}")
    print(f"Gateway, {options.clients} clients of one text each: {rate:,.0f} texts/s, {rate / best:.1%} of the best "
          f"direct rate (median of {result['shares']}); p50 {result['latency_ms']['p50']} ms, "
          f"p99 {result['latency_ms']['p99']} ms; "
          f"{result['gateway_cpu_us_per_text']} us of CPU per text\n{result['gateway'][0]}")


if __name__ == "__main__":
    main()
