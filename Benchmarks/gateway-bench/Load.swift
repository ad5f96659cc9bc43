import ArgumentParser
import Dispatch
import Foundation
import Model
import Support
import Transport
import Wire

/// Sends requests and prints a JSON object of what came of them.
struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send requests to a gateway and print, as JSON, how long they took and what came back.")

    @OptionGroup var options: LoadOptions

    func run() throws {
        let node = try TransportNode(name: "bench")
        defer { node.close() }
        let connections = try (0..<options.connections).map { number in
            try node.connect(
                options.gateway,
                introduction: PeerIntroduction(
                    role: "bench", name: "bench-\(number)", incarnation: UInt64.random(in: 1...UInt64.max)))
        }
        let play = LoadPlay(options: options, connections: connections)
        play.run()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(play.record), as: UTF8.self))
    }
}

/// One load under way.
final class LoadPlay: Sendable {
    private struct State {
        var next = 0
        var open = 0
        var record = LoadRecord()
        var spans: [(sent: Instant, back: Instant)] = []
    }

    private let options: LoadOptions
    private let connections: [Connection]
    private let maker: RequestMaker
    private let choices: Set<String>
    private let clock = SystemClock()
    private let state = Guarded(State())
    private let room = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)

    init(options: LoadOptions, connections: [Connection]) {
        self.options = options
        self.connections = connections
        maker = RequestMaker(options: options)
        choices = Set(maker.choices())
    }

    var record: LoadRecord { state.withLock { $0.record } }

    /// Sends everything and waits for every answer.
    func run() {
        state.withLock { $0.spans.reserveCapacity(options.requests) }
        if options.rate > 0 { paced() } else { for _ in 0..<min(options.inFlight, options.requests) { sendNext() } }
        done.wait()
        state.withLock { state in
            state.record.requests = options.requests
            state.record.distinct = Set((0..<options.requests).map(maker.prompt)).count
            state.record.measure(state.spans)
        }
    }

    private func paced() {
        let start = clock.now()
        for number in 0..<options.requests {
            let due = start + .seconds(Double(number) / Double(options.rate))
            var ahead = due.since(clock.now()).nanoseconds
            while ahead > 0 {
                usleep(UInt32(clamping: max(1, ahead / 1_000)))
                ahead = due.since(clock.now()).nanoseconds
            }
            while state.withLock({ $0.open >= options.inFlight }) { room.wait() }
            sendNext()
        }
    }

    private func sendNext() {
        let taken = state.withLock { state -> Int? in
            guard state.next < options.requests else { return nil }
            state.next += 1
            state.open += 1
            return state.next - 1
        }
        guard let number = taken else { return }
        let request = maker.request(number)
        let sent = clock.now()
        connections[number % connections.count].request(kind: Complete.kind.rawValue, body: request.packed()) {
            [self] result in ended(result, sent: sent)
        }
    }

    private func ended(_ result: Result<Envelope, TransportError>, sent: Instant) {
        let back = clock.now()
        let outcome = try? Completed(body: result.get().body).outcome
        let isLast = state.withLock { state in
            state.spans.append((sent, back))
            state.open -= 1
            if let outcome {
                if let answer = outcome.answer {
                    state.record.answered += 1
                    if !choices.isEmpty, !choices.contains(answer) { state.record.outside += 1 }
                } else {
                    state.record.rejected += 1
                }
            } else {
                state.record.errors += 1
            }
            return state.spans.count == options.requests
        }
        if isLast { done.signal() }
        if options.rate > 0 { room.signal() } else { sendNext() }
    }
}
