import Curl
import JSON
import Support
import Wire

@testable import EmbeddingGatewayRole

/// The gateway's logic under a virtual clock, with servers played by the test.
struct CoreBench {
    var core: EmbeddingCore<String>
    var now = Instant(nanoseconds: 0)
    var flights: [(number: UInt64, server: Int, texts: [String])] = []
    var replies: [(asker: String, answer: EmbeddingAnswer)] = []
    var wakes: [(batch: UInt64, at: Instant)] = []
    var probes: [Int] = []
    var cancelled: [UInt64] = []

    init(servers: Int = 1, batches: Int = 2, maxBatch: Int = 100, _ change: (inout EmbeddingLimits) -> Void = { _ in })
    {
        var limits = EmbeddingLimits()
        limits.batchTexts = 4
        limits.batches = batches
        change(&limits)
        core = EmbeddingCore(
            pool: EmbeddingPool(
                urls: (0..<servers).map { "http://s\($0)" }, batches: batches, batchTexts: limits.batchTexts),
            limits: limits)
        core.start()
        for server in 0..<servers { core.probed(server, .success(Self.profile(maxBatch: maxBatch))) }
        settle()
        probes = []
    }

    static func profile(
        dimension: Int = 2, model: String = "e", maxBatch: Int = 100
    ) -> EmbeddingProfile {
        EmbeddingProfile(
            identity: EmbeddingIdentity(engine: .openai, model: model, maxBatch: maxBatch), dimension: dimension,
            sendsBase64: false)
    }

    mutating func settle() {
        core.dispatch(at: now)
        for action in core.takeActions() {
            switch action {
            case .send(let number, let server, let body, _, _):
                let texts = (try? JSONValue(parsing: body))?["input"]?.arrayValue?.compactMap(\.stringValue)
                flights.append((number, server, texts ?? []))
            case .cancel(let number):
                cancelled.append(number)
                flights.removeAll { $0.number == number }
            case .reply(let asker, let answer): replies.append((asker, answer))
            case .wake(let batch, let after): wakes.append((batch, now + after))
            case .probe(let server, _): probes.append(server)
            }
        }
    }

    mutating func embed(_ texts: [String], _ asker: String = "host") {
        core.embed(texts, from: asker, at: now)
        settle()
    }

    mutating func pass(_ span: Span) {
        now = now + span
        settle()
    }

    mutating func end(_ result: Result<HTTPResponse, HTTPFailure>) {
        core.finished(flights.removeFirst().number, result, at: now)
        settle()
    }

    /// Answers the oldest batch: a text's vector points to its length.
    mutating func answer(dimension: Int = 2) {
        let data = flights[0].texts.enumerated().map { index, text in
            let rest = [String](repeating: "1", count: dimension - 1).joined(separator: ",")
            return #"{"index":\#(index),"embedding":[\#(text.utf8.count),\#(rest)]}"#
        }
        end(.success(HTTPResponse(status: 200, body: Array(#"{"data":[\#(data.joined(separator: ","))]}"#.utf8))))
    }

    mutating func awake() {
        let next = wakes.removeFirst()
        now = max(now, next.at)
        core.retryDue(batch: next.batch)
        settle()
    }

    var vectors: [[[UInt8]]] {
        replies.compactMap { if case .embedded(let embedded) = $0.answer { embedded.vectors } else { nil } }
    }

    var problems: [Problem] {
        replies.compactMap { if case .failed(let problem) = $0.answer { problem } else { nil } }
    }
}
