import Curl
import GatewayLogic
import Hashing
import Model
import Support
import Wire

@testable import LLMGatewayRole

/// The gateway's logic under a virtual clock, with servers played by the test.
struct CoreBench {
    var core: GatewayCore<String>
    var now = Instant(nanoseconds: 0)
    var flights: [Flight] = []
    var replies: [(asker: String, reply: GatewayReply)] = []
    var wakes: [(call: UInt64, at: Instant)] = []
    var probes: [(server: ServerID, kind: ProbeKind)] = []
    var cancelled: [UInt64] = []

    init(
        servers: UInt32 = 1, slots: Int = 4, engine: Engine = .vllm,
        _ change: (inout GatewayLimits) -> Void = { _ in }
    ) {
        var limits = GatewayLimits()
        limits.fleet.fixedWindow = slots
        change(&limits)
        core = GatewayCore(limits: limits)
        for server in 0..<servers { core.add("http://s\(server)", at: now) }
        for server in 1...servers { core.probed(ServerID(server), .success(.test(engine: engine)), at: now) }
        settle()
        probes = []
    }

    /// Sends what can be sent and sorts the actions.
    mutating func settle() {
        core.dispatch(at: now)
        for action in core.takeActions() {
            switch action {
            case .send(let flight): flights.append(flight)
            case .cancel(let flight):
                cancelled.append(flight)
                flights.removeAll { $0.number == flight }
            case .reply(let asker, let reply): replies.append((asker, reply))
            case .wake(let call, let after): wakes.append((call, now + after))
            case .probe(let server, let kind): probes.append((server, kind))
            case .readLoad(let server): core.loadRead(server, nil, at: now)
            case .tell: break
            }
        }
    }

    /// Lets time pass, as the driver does.
    mutating func pass(_ span: Span) {
        let end = now + span
        while now < end {
            now = min(end, now + .milliseconds(50))
            core.tick(at: now)
            for wake in wakes.filter({ $0.at <= now }) { core.retryDue(call: wake.call, at: now) }
            wakes.removeAll { $0.at <= now }
            settle()
        }
    }

    /// Answers what the gateway asks of servers.
    mutating func answerProbes() {
        while !probes.isEmpty {
            let probe = probes.removeFirst()
            switch probe.kind {
            case .health: core.healthAsked(probe.server, nil, at: now)
            case .full: core.probed(probe.server, .success(.test()), at: now)
            }
            settle()
        }
    }

    mutating func ask(
        _ number: UInt32, _ asker: String = "host", constraint: AnswerConstraint = .free, prompt: String? = nil,
        temperature: UInt32 = 700, seeds: [UInt64] = [10, 20, 30], run: String = "r", model: String = "",
        terms: CallTerms = CallTerms(), reading: AnswerReading = .sample
    ) {
        let spec = CompletionSpec(
            kind: .text, model: model,
            messages: [PromptMessage(role: .user, segments: [prompt ?? "prompt \(number)"])],
            constraint: constraint, sampling: Sampling(temperature: temperature, topP: 1000, maxTokens: 8),
            reading: reading)
        let request = Complete(run: run, call: Self.call(number), seeds: seeds, spec: spec, terms: terms)
        core.complete(ArrivedCall(request), from: asker, at: now)
        settle()
    }

    static func call(_ number: UInt32) -> CallID {
        CallID(turn: TurnID.root(round: 1, kind: .act, agent: "a"), number: number)
    }

    /// Ends the oldest flight.
    mutating func end(_ result: Result<HTTPResponse, HTTPFailure>) {
        core.finished(flight: flights.removeFirst().number, result, at: now)
        settle()
    }

    mutating func answer(_ text: String?) {
        let content = text.map { "\"\($0)\"" } ?? "null"
        end(
            .success(
                HTTPResponse(
                    status: 200,
                    body: Array(
                        """
                        {"model":"m-1","choices":[{"message":{"content":\(content)}}],\
                        "usage":{"prompt_tokens":100,"completion_tokens":7}}
                        """.utf8))))
    }

    mutating func status(_ status: Int, body: String = "", retryAfter: Span? = nil) {
        end(.success(HTTPResponse(status: status, body: Array(body.utf8), retryAfter: retryAfter)))
    }

    /// Lets the time of the next retry come.
    mutating func awake() {
        let next = wakes.removeFirst()
        now = max(now, next.at)
        core.retryDue(call: next.call, at: now)
        settle()
    }

    var outcomes: [CompletionOutcome] {
        replies.compactMap { if case .completed(let outcome) = $0.reply { outcome } else { nil } }
    }

    var problems: [Problem] {
        replies.compactMap { if case .failed(let problem) = $0.reply { problem } else { nil } }
    }
}

func seed(of flight: Flight) -> String? {
    String(decoding: flight.body, as: UTF8.self).split(separator: "\"seed\":").last.map {
        String($0.prefix(while: \.isNumber))
    }
}

extension BackendProfile {
    static func test(model: String = "m", models: [String] = [], engine: Engine = .vllm) -> BackendProfile {
        BackendProfile(
            engine: engine, version: "1", model: model, contextTokens: 4096, slots: 2, tokenLimitField: .maxTokens,
            models: ([model] + models).map { ServedModel($0) })
    }
}
