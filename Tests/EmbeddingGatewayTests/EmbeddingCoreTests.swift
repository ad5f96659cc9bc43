import Curl
import JSON
import Support
import Testing
import Wire

@testable import EmbeddingGatewayRole

/// The gateway's logic under a virtual clock, with servers played by the test.
private struct Bench {
    var core: EmbeddingCore<String>
    var now = Instant(nanoseconds: 0)
    var flights: [(number: UInt64, server: Int, texts: [String])] = []
    var replies: [(asker: String, answer: EmbeddingAnswer)] = []
    var wakes: [(batch: UInt64, at: Instant)] = []
    var probes: [Int] = []

    init(servers: Int = 1, batches: Int = 2, maxBatch: Int = 100, _ change: (inout EmbeddingLimits) -> Void = { _ in })
    {
        var limits = EmbeddingLimits()
        limits.batchTexts = 4
        limits.batches = batches
        change(&limits)
        core = EmbeddingCore(
            pool: EmbeddingPool(urls: (0..<servers).map { "http://s\($0)" }, batches: batches), limits: limits)
        core.start()
        for server in 0..<servers { core.probed(server, .success(Self.profile(maxBatch: maxBatch))) }
        settle()
        probes = []
    }

    static func profile(dimension: Int = 2, model: String = "e", maxBatch: Int = 100) -> EmbeddingProfile {
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

@Suite struct EmbeddingCoreTests {
    @Test func aBatchLeavesWhenItIsFull() {
        var bench = Bench()
        bench.embed(["a", "b", "c"])
        #expect(bench.flights.isEmpty)
        bench.embed(["d", "e"])
        #expect(bench.flights.map(\.texts) == [["a", "b", "c", "d"]])
    }

    @Test func aBatchLeavesWhenItsOldestTextHasWaitedLongEnough() {
        var bench = Bench()
        bench.embed(["a"])
        bench.pass(.milliseconds(1))
        bench.embed(["b"])
        #expect(bench.core.batchDue == Instant(nanoseconds: 2_000_000))
        #expect(bench.flights.isEmpty)
        bench.pass(.milliseconds(1))
        #expect(bench.flights.map(\.texts) == [["a", "b"]])
    }

    @Test func aBatchIsBoundedInBytesAndALongTextGoesAlone() {
        var bench = Bench { $0.batchBytes = 10 }
        bench.embed(["aaaaaa", "bbbbbb", "cccccccccccccccccccc"])
        bench.answer()
        bench.answer()
        bench.answer()
        #expect(bench.vectors.first?.count == 3)
        #expect(bench.core.counters.batches == 3)
        #expect(bench.core.waitingBytes == 0)
    }

    @Test func vectorsAreUnitVectorsAsHalfFloatsInTheOrderOfTheTexts() throws {
        var bench = Bench()
        bench.embed(["12", "1234567"])
        bench.pass(.milliseconds(2))
        bench.answer()
        let vectors = try #require(bench.vectors.first)
        for (vector, first) in zip(vectors, [2.0, 7.0]) {
            #expect(vector.count == 4)
            let length = (first * first + 1).squareRoot()
            let component = Float16(bitPattern: UInt16(vector[0]) | UInt16(vector[1]) << 8)
            #expect(component == Float16(first / length))
        }
    }

    @Test func aTextIsSentOnceWhoeverAsksAndRememberedAfterwards() {
        var bench = Bench()
        bench.embed(["x", "y", "x"], "one")
        bench.embed(["x"], "two")
        bench.pass(.milliseconds(2))
        #expect(bench.flights.map(\.texts) == [["x", "y"]])
        bench.embed(["y"], "three")
        bench.answer()
        #expect(bench.replies.map(\.asker).sorted() == ["one", "three", "two"])
        bench.embed(["y", "x"], "four")
        #expect(bench.flights.isEmpty)
        #expect(bench.vectors.count == 4)
        #expect(bench.core.counters.remembered == 2)
        #expect(bench.core.counters.sent == 2)
    }

    @Test func severalBatchesAreInFlightAtEachServerAndNoMore() {
        var bench = Bench(servers: 2, batches: 2)
        bench.embed((0..<40).map { "\($0)" })
        #expect(bench.flights.map(\.server).sorted() == [0, 0, 1, 1])
        while !bench.flights.isEmpty { bench.answer() }
        #expect(bench.vectors.first?.count == 40)
        #expect(bench.core.counters.batches == 10)
    }

    @Test(
        arguments: [
            .success(HTTPResponse(status: 429, body: [])), .success(HTTPResponse(status: 500, body: [])),
            .success(HTTPResponse(status: 200, body: Array("rubbish".utf8))),
            .success(HTTPResponse(status: 200, body: Array(#"{"data":[]}"#.utf8))),
            .success(HTTPResponse(status: 200, body: Array(#"{"data":[{"embedding":[1e999,0]}]}"#.utf8))),
            .failure(.reset), .failure(.truncated), .failure(.timeout),
        ] as [Result<HTTPResponse, HTTPFailure>])
    func whatBringsNoVectorsIsSentAgainAfterAWait(trouble: Result<HTTPResponse, HTTPFailure>) throws {
        var bench = Bench()
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.end(trouble)
        #expect(bench.flights.isEmpty)
        #expect(try #require(bench.wakes.first).at > bench.now)
        bench.awake()
        bench.answer()
        #expect(bench.vectors.count == 1)
    }

    @Test func anotherDimensionIsATypedErrorAndTheServerIsNotUsedUntilItIsProbed() throws {
        var bench = Bench()
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.answer(dimension: 3)
        let problem = try #require(bench.problems.first)
        #expect(problem.code == .misconfigured)
        #expect(problem.what == "http://s0: its vectors have 3 numbers where they had 2 before")
        #expect(bench.probes == [0])
        bench.core.probed(0, .success(Bench.profile(dimension: 3)))
        bench.settle()
        #expect(bench.core.pool.servers[0].problem == .dimensionChanged(expected: 2, found: 3))
        bench.core.probed(0, .success(Bench.profile(dimension: 2)))
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.answer()
        #expect(bench.vectors.count == 1)
    }

    @Test func oneRefusedTextDoesNotSpoilTheOthersOfItsBatch() {
        var bench = Bench()
        for text in ["a", "bb", "too long", "d"] { bench.embed([text], text) }
        while !bench.flights.isEmpty {
            if bench.flights[0].texts.contains("too long") {
                bench.end(.success(HTTPResponse(status: 413, body: Array(#"{"error":"too many tokens"}"#.utf8))))
            } else {
                bench.answer()
            }
        }
        #expect(bench.vectors.count == 3)
        #expect(bench.problems.map(\.code) == [.invalid])
        #expect(bench.replies.first { if case .failed = $0.answer { true } else { false } }?.asker == "too long")
    }

    @Test func noServerForTooLongIsUnavailable() {
        var bench = Bench { $0.deadline = .seconds(5) }
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.end(.failure(.cannotConnect))
        #expect(bench.probes == [0])
        bench.now = bench.now + .seconds(5)
        bench.core.expire(at: bench.now)
        bench.settle()
        #expect(bench.problems.map(\.code) == [.unavailable])
        #expect(bench.core.open == 0)
        bench.awake()
        bench.core.probed(0, .success(Bench.profile()))
        bench.settle()
        #expect(bench.flights.isEmpty)
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        #expect(bench.flights.count == 1)
    }

    @Test func aFullQueueRefuses() {
        var bench = Bench(batches: 1) { $0.queueBytes = 500 }
        bench.embed((0..<4).map { "\($0)" })
        bench.embed((4..<10).map { "\($0)" })
        bench.embed(["more", "and more"])
        #expect(bench.problems.map(\.code) == [.overloaded])
    }

    @Test func noTextsAreAnsweredAtOnce() {
        var bench = Bench()
        bench.embed([])
        #expect(bench.vectors == [[]])
    }
}
