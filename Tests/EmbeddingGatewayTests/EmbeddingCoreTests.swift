import Curl
import Support
import Testing
import Wire

@testable import EmbeddingGatewayRole

@Suite struct EmbeddingCoreTests {
    @Test func aBatchLeavesWhenItIsFull() {
        var bench = CoreBench()
        bench.embed(["a", "b", "c"])
        #expect(bench.flights.isEmpty)
        bench.embed(["d", "e"])
        #expect(bench.flights.map(\.texts) == [["a", "b", "c", "d"]])
    }

    @Test func aBatchLeavesWhenItsOldestTextHasWaitedLongEnough() {
        var bench = CoreBench()
        bench.embed(["a"])
        bench.pass(.milliseconds(1))
        bench.embed(["b"])
        #expect(bench.core.batchDue == Instant(nanoseconds: 2_000_000))
        #expect(bench.flights.isEmpty)
        bench.pass(.milliseconds(1))
        #expect(bench.flights.map(\.texts) == [["a", "b"]])
    }

    @Test func aBatchIsBoundedInTokensAndALongTextGoesAlone() {
        // A token for each four bytes, and two: no two of these go together.
        var bench = CoreBench { $0.batchTokens = 10 }
        bench.embed([
            "a" + String(repeating: "a", count: 40), "b" + String(repeating: "b", count: 15),
            "c" + String(repeating: "c", count: 16),
        ])
        bench.pass(.milliseconds(2))
        while !bench.flights.isEmpty { bench.answer() }
        #expect(bench.vectors.first?.count == 3)
        #expect(bench.core.counters.batches == 3)
        #expect(bench.core.waitingBytes == 0)
    }

    @Test func vectorsAreUnitVectorsAsHalfFloatsInTheOrderOfTheTexts() throws {
        var bench = CoreBench()
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
        var bench = CoreBench()
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
        var bench = CoreBench(servers: 2, batches: 2)
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
        var bench = CoreBench()
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
        var bench = CoreBench()
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.answer(dimension: 3)
        let problem = try #require(bench.problems.first)
        #expect(problem.code == .misconfigured)
        #expect(problem.what == "http://s0: its vectors have 3 numbers where they had 2 before")
        #expect(bench.probes == [0])
        bench.core.probed(0, .success(CoreBench.profile(dimension: 3)))
        bench.settle()
        #expect(bench.core.pool.servers[0].problem == .dimensionChanged(expected: 2, found: 3))
        bench.core.probed(0, .success(CoreBench.profile(dimension: 2)))
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.answer()
        #expect(bench.vectors.count == 1)
    }

    @Test func oneRefusedTextDoesNotSpoilTheOthersOfItsBatch() {
        var bench = CoreBench()
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
        var bench = CoreBench { $0.deadline = .seconds(5) }
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
        bench.core.probed(0, .success(CoreBench.profile()))
        bench.settle()
        #expect(bench.flights.isEmpty)
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        #expect(bench.flights.count == 1)
    }

    @Test func aFullQueueRefuses() {
        var bench = CoreBench(batches: 1) { $0.queueBytes = 500 }
        bench.embed((0..<4).map { "\($0)" })
        bench.embed((4..<10).map { "\($0)" })
        bench.embed(["more", "and more"])
        #expect(bench.problems.map(\.code) == [.overloaded])
    }

    @Test func noTextsAreAnsweredAtOnce() {
        var bench = CoreBench()
        bench.embed([])
        #expect(bench.vectors == [[]])
    }
}
