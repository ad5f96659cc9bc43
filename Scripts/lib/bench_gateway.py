"""What the llm-gateway costs and what it does when servers fail: a table, one row for each promise.

Servers are nginx with a fixed answer where CPU and latency count, and the emulator where behaviour counts. CPU is
user plus system time of the gateway alone, from /proc. Rows stand on their own: name some to play only them.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
COMPLETION = json.dumps({
    "id": "chatcmpl-0", "object": "chat.completion", "created": 1700000000, "model": "bench",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x" * 430}}],
    "usage": {"prompt_tokens": 512, "completion_tokens": 108, "total_tokens": 620},
})
# CPU seconds per 10,000 requests of 2 kB, 64 and 1,000 in flight, as published or measured for these routers.
PEERS = "vllm-router 1.0 / 1.6, sglang-router 1.1-1.7, haproxy 0.26 / 0.5, C with curl alone 0.4-0.5"


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid, key="VmHWM"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


class Play:
    """Processes of one row; all of them end with it."""

    def __init__(self, binaries, verbose):
        self.binaries, self.verbose = binaries, verbose
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gensim-gateway-"))
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *command, **more):
        output = None if self.verbose else subprocess.DEVNULL
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, **more)
        self.processes.append(process)
        return process

    def nginx(self, servers):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not pathlib.Path(program).exists():
            sys.exit("bench: nginx is missing; install it with `apt-get install nginx-light`")
        sockets = []
        import socket
        for _ in range(servers):
            held = socket.socket()
            held.bind(("127.0.0.1", 0))
            sockets.append(held)
        ports = [held.getsockname()[1] for held in sockets]
        for held in sockets:
            held.close()
        blocks = "".join(
            f"""server {{ listen 127.0.0.1:{port} backlog=4096; keepalive_requests 100000000;
            location = /v1/models {{ default_type application/json; return 200
              '{{"object":"list","data":[{{"id":"bench","object":"model","owned_by":"bench"}}]}}'; }}
            location = /v1/chat/completions {{ default_type application/json; return 200 '{COMPLETION}'; }}
            location / {{ return 404; }} }}\n""" for port in ports)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log /dev/null;\n"
            f"events {{ worker_connections 8192; }}\nhttp {{ access_log off; client_body_buffer_size 64k;\n"
            f"client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/p; fastcgi_temp_path "
            f"{self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;\n{blocks}}}\n")
        self.start(program, "-c", configuration, "-p", self.folder, "-e", "/dev/null")
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        for url in urls:
            await_url(url + "/v1/models")
        return urls

    def emulator(self, *options, port=0):
        port_file = self.folder / f"emulator-{len(self.processes)}.port"
        process = self.start(
            self.binaries / "llm-emulator", "--listen", f"127.0.0.1:{port}", "--port-file", port_file, *options)
        until(lambda: port_file.exists() and port_file.read_text().strip(), "the emulator did not start")
        return process, "http://127.0.0.1:" + port_file.read_text().strip().rsplit(":", 1)[-1]

    def gateway(self, urls, *options):
        endpoint = f"ipc://{self.folder}/gateway.sock"
        command = [self.binaries / "llm-gateway", "--listen", endpoint, *options]
        for url in urls:
            command += ["--llm", url]
        process = self.start(*command)
        until(lambda: (self.folder / "gateway.sock").exists(), "the gateway did not start")
        return process, endpoint

    def load(self, endpoint, **options):
        command = [str(self.binaries / "gateway-bench"), "load", "--gateway", endpoint]
        for key, value in options.items():
            command += ["--" + key.replace("_", "-"), str(value)]
        return subprocess.Popen(command, stdout=subprocess.PIPE)


def finish(process):
    output = process.communicate()[0]
    if process.returncode:
        sys.exit(f"bench: the load ended with status {process.returncode}")
    return json.loads(output)


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("bench: " + what)
        time.sleep(0.01)


def await_url(url):
    def answers():
        try:
            return urllib.request.urlopen(url, timeout=1).status == 200
        except OSError:
            return False
    until(answers, f"{url} does not answer")


def statistics(url):
    """What an emulator counts of itself."""
    with urllib.request.urlopen(url + "/stats", timeout=5) as reply:
        return json.loads(reply.read())


def chats(url):
    """Chat requests that an emulator replied to, whatever it said."""
    return statistics(url)["replies"].get("/v1/chat/completions", 0)


def row_cpu(play, in_flight, requests=20_000):
    pid, endpoint = (lambda found: (found[0].pid, found[1]))(play.gateway(play.nginx(4)))
    finish(play.load(endpoint, requests=2_000, in_flight=in_flight, seed=9))
    before = cpu(pid)
    result = finish(play.load(endpoint, requests=requests, in_flight=in_flight))
    spent = (cpu(pid) - before) * 10_000 / requests
    return f"{spent:.2f} s", f"{requests / result['seconds']:.0f} requests/s, errors {result['errors']}"


def row_latency(play):
    process, endpoint = play.gateway(play.nginx(4))
    finish(play.load(endpoint, requests=2_000, in_flight=64, seed=9))
    result = finish(play.load(endpoint, requests=10_000, in_flight=64, rate=1_000))
    return (f"p50 {result['median']:.2f} ms, p99 {result['p99']:.2f} ms",
            "the whole way: client, gateway, nginx and back")


def row_queue(play):
    process, endpoint = play.gateway(play.nginx(4))
    finish(play.load(endpoint, requests=100, in_flight=10, seed=9))
    result = finish(play.load(
        endpoint, requests=100_000, in_flight=100_000, connections=4, groups=400))
    return (f"lost {100_000 - result['answered']}, {resident(process.pid) / 1e6:.0f} MB, "
            f"first answer after {result['firstAnswer']:.1f} ms",
            f"errors {result['errors']}, all through in {result['seconds']:.1f} s")


def goodput(result, rate, skip=1):
    seconds = result["perSecond"][skip:-1] or [0]
    return 100 * min(seconds) / rate


def row_hang(play):
    servers = [play.emulator("--latency", "50ms") for _ in range(4)]
    _, endpoint = play.gateway([url for _, url in servers])
    load = play.load(endpoint, requests=3_000, in_flight=1_000, rate=200)
    time.sleep(5)
    servers[1][0].send_signal(signal.SIGSTOP)
    time.sleep(5)
    servers[1][0].send_signal(signal.SIGCONT)
    result = finish(load)
    return (f"worst second {goodput(result, 200):.0f} %, errors {result['errors']}",
            f"p99 {result['p99']:.0f} ms, slowest {result['slowest']:.0f} ms")


def row_failing(play):
    servers = [play.emulator("--latency", "50ms") for _ in range(3)]
    servers.append(play.emulator("--latency", "0ms", "--fault-rate", "500=1", "--fault-repeat", "1000000"))
    _, endpoint = play.gateway([url for _, url in servers])
    result = finish(play.load(endpoint, requests=2_000, in_flight=1_000, rate=200))
    bad = chats(servers[3][1])
    return (f"{bad} bad attempts in {result['seconds']:.0f} s, errors {result['errors']}",
            f"worst second {goodput(result, 200):.0f} %")


def row_killed(play):
    servers = [play.emulator("--latency", "50ms") for _ in range(4)]
    _, endpoint = play.gateway([url for _, url in servers])
    load = play.load(endpoint, requests=3_000, in_flight=1_000, rate=200)
    time.sleep(4)
    victim, url = servers[1]
    victim.kill()
    victim.wait()
    time.sleep(2)
    play.emulator("--latency", "50ms", port=int(url.rsplit(":", 1)[-1]))
    started = time.monotonic()
    back = []

    def watch():
        while not back and time.monotonic() - started < 10:
            try:
                if chats(url) > 0:
                    back.append(time.monotonic() - started)
            except OSError:
                pass
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = finish(load)
    watcher.join()
    return (f"errors {result['errors']}, back in use after {back[0] if back else float('nan'):.2f} s",
            f"worst second {goodput(result, 200):.0f} %, answered {result['answered']} of 3000")


def row_identical(play):
    servers = [play.emulator("--latency", "20ms") for _ in range(4)]
    _, endpoint = play.gateway([url for _, url in servers])
    requests = 10_000
    result = finish(play.load(endpoint, requests=requests, in_flight=500, repeated=30, groups=20))
    upstream = sum(chats(url) for _, url in servers)
    return (f"{upstream} upstream calls, {result['distinct']} distinct prompts",
            f"of {requests} requests, errors {result['errors']}")


def row_constraints(play):
    servers = [play.emulator("--fault-rate", "wrong-choice=0.5", "--fault-repeat", "1000000") for _ in range(2)]
    _, endpoint = play.gateway([url for _, url in servers])
    result = finish(play.load(endpoint, requests=5_000, in_flight=64, choices=3))
    return (f"{result['outside']} delivered outside the choices",
            f"answered {result['answered']}, rejected after all attempts {result['rejected']}")


ROWS = {
    "cpu-64": ("CPU per 10,000 requests of 2 kB, 64 in flight", "0.8 s; stretch 0.5", lambda p: row_cpu(p, 64)),
    "cpu-1000": ("the same, 1,000 in flight", "1.0 s; stretch 0.7", lambda p: row_cpu(p, 1_000)),
    "latency": ("added latency, 1,000/s", "p50 0.5 ms, stretch 0.25; p99 2 ms", row_latency),
    "queue": ("100,000 requests queued at once", "none lost, 600 MB, first dispatch in 5 ms", row_queue),
    "hang": ("one of four hangs, 200/s", "at least 70 % in every second, 0 errors", row_hang),
    "failing": ("one of four returns 500", "at most 3 bad, then 1 in 2 s; 0 errors", row_failing),
    "killed": ("one of four killed, restarted", "0 errors, back within 2 s", row_killed),
    "identical": ("30 % identical, deterministic", "upstream = distinct", row_identical),
    "constraints": ("server ignores constraints", "0 outside", row_constraints),
}


def main():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench gateway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="row", help=", ".join(ROWS))
    parser.add_argument("--bin", help="folder of the executables (default: the release build)")
    parser.add_argument("--verbose", action="store_true", help="show what the processes print")
    options = parser.parse_args()
    binaries = pathlib.Path(options.bin or os.environ.get("GENSIM_BIN") or ROOT / ".build" / "release")
    if not (binaries / "gateway-bench").exists():
        sys.exit(f"bench: no executables in {binaries}; run `swift build -c release` first")
    print(f"peers, CPU seconds per 10,000 requests at 64 / 1,000 in flight: {PEERS}\n")
    for name in options.rows or ROWS:
        title, target, play_row = ROWS[name]
        with Play(binaries, options.verbose) as play:
            found, more = play_row(play)
        print(f"{name:12} {title:46} {found}\n{'':12} target: {target}; {more}", flush=True)


if __name__ == "__main__":
    main()
