import Curl
import Support
import Testing
import Wire

@testable import EmbeddingGatewayRole

/// What becomes of batches when servers fail, one of several.
@Suite struct EmbeddingServersTests {
    private static let refusal = Result<HTTPResponse, HTTPFailure>.success(
        HTTPResponse(status: 422, body: Array(#"{"error":"batch size 4 > maximum"}"#.utf8)))

    @Test(arguments: [401, 403, 404])
    func aServerThatAPersonMustMendIsTakenOutAndTheOthersGoOn(status: Int) throws {
        var bench = CoreBench(servers: 2, batches: 1)
        bench.embed((0..<8).map { "\($0)" })
        let sick = try #require(bench.flights.first).server
        bench.end(.success(HTTPResponse(status: status, body: [])))
        #expect(bench.probes == [sick])
        while !bench.flights.isEmpty {
            #expect(bench.flights.allSatisfy { $0.server != sick })
            bench.answer()
        }
        #expect(bench.vectors.first?.count == 8)
        #expect(bench.problems.isEmpty)
        guard case .misconfigured(let what, _)? = bench.core.pool.servers[sick].problem else {
            Issue.record("the server has no reason to be out")
            return
        }
        #expect(what.contains("\(status)"))
        bench.core.describe(to: "coordinator")
        bench.settle()
        #expect(bench.problems.isEmpty)
    }

    @Test func whereNoServerIsLeftThatCouldMakeThemEverybodyIsTold() {
        var bench = CoreBench(servers: 2, batches: 1)
        bench.embed(["x"], "one")
        bench.pass(.milliseconds(2))
        bench.end(.success(HTTPResponse(status: 401, body: [])))
        bench.embed(["y"], "two")
        bench.end(.success(HTTPResponse(status: 404, body: [])))
        #expect(bench.problems.map(\.code) == [.misconfigured, .misconfigured])
        #expect(bench.core.open == 0)
    }

    @Test func whatADeadServerHoldsGoesElsewhereAtOnce() throws {
        var bench = CoreBench(servers: 2, batches: 2)
        bench.embed((0..<16).map { "\($0)" })
        let dead = try #require(bench.flights.first).server
        let held = bench.flights.filter { $0.server == dead }.map(\.number)
        bench.end(.failure(.cannotConnect))
        #expect(bench.cancelled == Array(held.dropFirst()))
        #expect(bench.flights.allSatisfy { $0.server != dead })
        while !bench.flights.isEmpty { bench.answer() }
        #expect(bench.vectors.first?.count == 16)
        #expect(bench.wakes.isEmpty)
    }

    @Test func whatAHungServerHoldsGoesElsewhereAndTheFirstAnswerCounts() throws {
        var bench = CoreBench(servers: 2, batches: 1)
        bench.embed((0..<4).map { "\($0)" })
        bench.embed((4..<8).map { "\($0)" })
        // Both answer once, so that it is known how long a batch takes.
        bench.pass(.milliseconds(20))
        bench.answer()
        bench.answer()
        bench.embed(["a", "b", "c", "d"], "late")
        let hung = try #require(bench.flights.first)
        bench.pass(.milliseconds(900))
        bench.core.expire(at: bench.now)
        bench.settle()
        #expect(bench.flights.count == 1)
        bench.pass(.milliseconds(200))
        bench.core.expire(at: bench.now)
        bench.settle()
        #expect(bench.probes == [hung.server])
        try #require(bench.flights.count == 2)
        let copy = bench.flights[1]
        #expect(copy.server != hung.server)
        #expect(copy.texts == hung.texts)
        bench.flights.removeAll { $0.number == hung.number }
        bench.answer()
        #expect(bench.cancelled == [hung.number])
        #expect(bench.replies.map(\.asker).filter { $0 == "late" }.count == 1)
        #expect(bench.core.pool.servers.map(\.inFlight) == [0, 0])
    }

    @Test func theOnlyServerIsWaitedForHoweverLongItTakes() {
        var bench = CoreBench()
        bench.embed(["x"])
        bench.pass(.milliseconds(2))
        bench.pass(.seconds(100))
        bench.core.expire(at: bench.now)
        bench.settle()
        #expect(bench.probes.isEmpty)
        bench.answer()
        #expect(bench.vectors.count == 1)
    }

    @Test func aServerThatFailsFastGetsNoMoreThanAFewBatches() {
        var bench = CoreBench(servers: 2, batches: 1)
        for number in 0..<40 { bench.embed((0..<4).map { "\(number).\($0)" }, "\(number)") }
        let sick = bench.flights[0].server
        var failed = 0
        while let place = bench.flights.firstIndex(where: { $0.server == sick }) ?? bench.flights.indices.first {
            bench.flights.swapAt(0, place)
            if bench.flights[0].server == sick {
                failed += 1
                bench.end(.success(HTTPResponse(status: 500, body: [])))
            } else {
                bench.answer()
            }
        }
        #expect(failed == 4)
        #expect(bench.vectors.count == 40)
        #expect(bench.problems.isEmpty)
    }

    @Test func aServerThatTakesFewerTextsIsGivenFewer() throws {
        var bench = CoreBench(batches: 1)
        bench.embed((0..<16).map { "\($0)" })
        var refused = 0
        while let flight = bench.flights.first {
            if flight.texts.count > 2 {
                refused += 1
                bench.end(Self.refusal)
            } else {
                bench.answer()
            }
        }
        #expect(refused == 1)
        #expect(bench.core.pool.batchSize(0) == 2)
        #expect(bench.vectors.first?.count == 16)
    }

    @Test func oneTextTooLongDoesNotMakeBatchesSmaller() {
        var bench = CoreBench(batches: 1)
        for text in ["a", "bb", "too long", "d"] { bench.embed([text], text) }
        while let flight = bench.flights.first {
            if flight.texts.contains("too long") { bench.end(Self.refusal) } else { bench.answer() }
        }
        #expect(bench.core.pool.batchSize(0) == 4)
        #expect(bench.problems.map(\.code) == [.invalid])
    }

    @Test func textsOfOneLengthTravelTogether() {
        var bench = CoreBench(batches: 1)
        let (short, long) = ("s", String(repeating: "long ", count: 40))
        bench.embed((0..<4).map { "first\($0)" })
        bench.embed((0..<8).map { $0 % 2 == 0 ? "\(short)\($0)" : "\(long)\($0)" })
        bench.answer()
        #expect(bench.flights[0].texts == ["s0", "s2", "s4", "s6"])
        bench.answer()
        #expect(bench.flights[0].texts.count == 4)
        bench.answer()
        #expect(bench.vectors.count == 2)
    }

    @Test func aTextOfAnUnusualLengthIsNotPassedOverForEver() {
        var bench = CoreBench(batches: 1)
        bench.embed((0..<4).map { "first\($0)" })
        bench.embed([String(repeating: "unusual ", count: 100)], "unusual")
        for number in 0..<20 {
            bench.pass(.milliseconds(1))
            bench.embed((0..<4).map { "s\(number).\($0)" })
            bench.answer()
            if bench.replies.contains(where: { $0.asker == "unusual" }) { break }
        }
        #expect(bench.replies.prefix(3).contains { $0.asker == "unusual" })
    }

    @Test func vectorsTravelInTheFormatThatIsAskedFor() throws {
        var bench = CoreBench()
        bench.core.embed(["12", "1234567"], as: .float32, from: "single", at: bench.now)
        bench.core.embed(["12"], as: .float16, from: "half", at: bench.now)
        bench.pass(.milliseconds(2))
        bench.answer()
        let single = try #require(bench.vectors.first { $0.count == 2 })
        #expect(single.map(\.count) == [8, 8])
        let length = Float((2.0 * 2 + 1).squareRoot())
        let first = Float(bitPattern: single[0][..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        #expect(abs(first - 2 / length) < 1e-6)
        #expect(bench.vectors.first { $0.count == 1 }?[0].count == 4)
    }
}
