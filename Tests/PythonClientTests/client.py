"""A client of the llm-gateway, written from docs/wire-protocol.md with nothing but pyzmq and msgpack.

usage: client.py ENDPOINT

Gets completions, sends rubbish of every sort, and prints one JSON object of what came back. It judges nothing: the
test that starts it knows what is right.
"""

import json
import os
import sys
import time

import msgpack
import zmq

TRANSPORT = 1
PROTOCOL = 1
HELLO, WELCOME, REFUSED, PING, PONG = 1, 2, 3, 4, 5
COMPLETE, COMPLETED, DESCRIBE_MODELS, FAILED = 80, 81, 83, 112
REPLY_LIMIT = 30


class Client:
    def __init__(self, context: zmq.Context, endpoint: str) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.correlation = 0
        self.last_sent = time.monotonic()

    def send(self, *messages: list, version: int = TRANSPORT) -> None:
        self.send_raw(msgpack.packb([version, *messages]))

    def send_raw(self, frame: bytes) -> None:
        self.socket.send(frame)
        self.last_sent = time.monotonic()

    def receive(self) -> list:
        """The next message that says something; pings when it has been silent itself."""
        deadline = time.monotonic() + REPLY_LIMIT
        while time.monotonic() < deadline:
            if time.monotonic() - self.last_sent >= 1:
                self.send([PING, 0, None])
            if not self.socket.poll(200):
                continue
            version, *messages = msgpack.unpackb(self.socket.recv())
            if version != TRANSPORT:
                raise SystemExit(f"a frame of version {version}")
            # This client has one request at a time under way, so one message at a time means something.
            telling = [message for message in messages if message[0] not in (PING, PONG)]
            if len(telling) > 1:
                raise SystemExit(f"{len(telling)} messages where one was expected")
            if telling:
                return telling[0]
        raise SystemExit("no answer")

    def greet(self, protocol: int = PROTOCOL) -> list:
        self.send([HELLO, 0, [protocol, "python", "test", int.from_bytes(os.urandom(7), "big")]])
        return self.receive()

    def request(self, kind: int, body: object) -> list:
        self.correlation += 1
        self.send([kind, self.correlation, body])
        reply = self.receive()
        if reply[1] != self.correlation:
            raise SystemExit(f"a reply to {reply[1]}, not to {self.correlation}")
        return reply

    def close(self) -> None:
        self.socket.close()


def completion(turn: bytes, number: int, question: str, constraint: list) -> list:
    """The body of `complete`."""
    spec = [
        1 if constraint[0] == 1 else 2,
        "",
        [[1, ["You are one person ", "in a labour market."]], [2, [question]]],
        constraint,
        [700, 1000, 16],
    ]
    return [2, "python", [turn, number], [11, 12, 13], spec, [4, 100, 0]]


def refusal(message: list) -> dict:
    """What a refusal says."""
    kind, correlation, body = message
    if kind != REFUSED:
        return {"kind": kind}
    code, text, advice = body
    return {"kind": kind, "correlation": correlation, "code": code, "explained": bool(text)}


def answer(message: list) -> dict:
    """What a completion says."""
    kind, _, body = message
    if kind != COMPLETED:
        return {"kind": kind, "problem": body[1][1] if kind == FAILED else str(body)}
    version, (text, rejection, rejected, prompt_tokens, completion_tokens, model) = body
    return {
        "kind": kind, "version": version, "answer": text, "rejection": rejection, "rejected": len(rejected),
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "model": model,
    }


def complete_several(client: Client, result: dict) -> None:
    turn = os.urandom(16)
    choice = completion(turn, 0, "Would you like to look for a new job? Answer no or yes.", [1, ["no", "yes"]])
    result["choice"] = answer(client.request(COMPLETE, choice))
    result["choice_again"] = answer(client.request(COMPLETE, choice))
    text = completion(turn, 1, "Say who you are.", [0])
    result["text"] = answer(client.request(COMPLETE, text))
    result["text_again"] = answer(client.request(COMPLETE, text))


def send_rubbish(context: zmq.Context, endpoint: str, client: Client, longest: int, result: dict) -> None:
    def stranger(act) -> dict:
        other = Client(context, endpoint)
        try:
            return refusal(act(other))
        finally:
            other.close()

    def sent(other: Client, frame: bytes) -> list:
        other.send_raw(frame)
        return other.receive()

    def greeted(frame: bytes) -> dict:
        def act(other: Client) -> list:
            other.greet()
            return sent(other, frame)

        return stranger(act)

    result["refused"] = {
        "no_hello": stranger(lambda other: sent(other, msgpack.packb([TRANSPORT, [DESCRIBE_MODELS, 1, [1]]]))),
        "hello_of_another_version": stranger(lambda other: other.greet(PROTOCOL + 1)),
        "frame_of_another_version": greeted(msgpack.packb([TRANSPORT + 1, [DESCRIBE_MODELS, 1, [1]]])),
        "not_messagepack": greeted(b"\xc1\xc1 GET / HTTP/1.1\r\n\r\n"),
        "half_a_frame": greeted(msgpack.packb([1, [DESCRIBE_MODELS, 1, [1]]])[:-1]),
        "not_a_frame": greeted(msgpack.packb({"hello": "world"})),
        "oversized": greeted(msgpack.packb([1, [COMPLETE, 1, bytes(longest + 1)]])),
        # The same client that has been served, and goes on to be served.
        "unknown_kind": refusal(client.request(4711, None)),
        "kind_of_another_service": refusal(client.request(90, [1, ["a text"]])),
        "malformed_body": refusal(client.request(COMPLETE, [1, "python"])),
        "body_of_a_newer_version": refusal(client.request(COMPLETE, [2, "python", 1, 2, 3])),
        "no_seeds": refusal(
            client.request(COMPLETE, [1, "python", [os.urandom(16), 0], [], [2, "", [], [0], [0, 0, 0]]])),
    }


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    endpoint = sys.argv[1]
    context = zmq.Context()
    client = Client(context, endpoint)
    kind, correlation, body = client.greet()
    if kind != WELCOME:
        raise SystemExit(f"not welcome: {body}")
    protocol, incarnation, messages, size, longest = body
    result = {"welcome": {"protocol": protocol, "credit_messages": messages, "credit_bytes": size, "longest": longest}}
    kind, _, body = client.request(DESCRIBE_MODELS, [1])
    result["models"] = [entry[3] for entry in body[1]]
    complete_several(client, result)
    send_rubbish(context, endpoint, client, longest, result)

    # Both the one who sent rubbish and somebody new are served as before.
    after = completion(os.urandom(16), 0, "Answer no or yes.", [1, ["no", "yes"]])
    result["afterwards"] = answer(client.request(COMPLETE, after))
    newcomer = Client(context, endpoint)
    newcomer.greet()
    result["afterwards_by_another"] = answer(newcomer.request(COMPLETE, after))
    client.close()
    newcomer.close()
    context.term()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
