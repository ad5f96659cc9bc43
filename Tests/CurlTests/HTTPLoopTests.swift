import Curl
import Support
import TestKit
import Testing

/// A loop that is shut down when the test is over.
private final class Loop: Sendable {
    let http: HTTPLoop
    init() throws { http = try HTTPLoop(name: "test", clock: SystemClock(), connections: 600) }
    deinit { http.shutdown() }
}

private func failure(_ request: HTTPRequest, on loop: Loop) async -> HTTPFailure? {
    do {
        _ = try await loop.http.perform(request)
        return nil
    } catch { return error as? HTTPFailure }
}

@Suite struct HTTPLoopTests {
    private let loop: Loop

    init() throws { loop = try Loop() }

    @Test func aRequestCarriesItsMethodHeadersAndBodyAndTheReplyComesBackWhole() async throws {
        let server = ScriptedServer { request in
            .json(
                "\(request.method) \(request.path) \(request.headers["x-a"] ?? "") \(request.text)", status: 429,
                headers: [("Retry-After", "7")])
        }
        let reply = try await loop.http.perform(
            HTTPRequest(.post, server.url + "/v1?q=1", headers: [.init("X-A", "b")], body: Array("körper".utf8)))
        #expect(String(decoding: reply.body, as: UTF8.self) == "POST /v1?q=1 b körper")
        #expect(reply.status == 429)
        #expect(reply.retryAfter == .seconds(7))
        #expect(reply.contentType == "application/json")
    }

    @Test func oneConnectionServesRequestsOneAfterTheOther() async throws {
        let server = ScriptedServer { request in .json("\(request.number)") }
        for number in 0..<20 {
            let reply = try await loop.http.perform(HTTPRequest(.get, server.url))
            #expect(String(decoding: reply.body, as: UTF8.self) == "\(number)")
        }
        #expect(server.seen.connections == 1)
    }

    @Test func aLargeBodyIsSentWithoutWaitingForLeave() async throws {
        let server = ScriptedServer { request in .json("\(request.body.count) \(request.headers["expect"] ?? "-")") }
        let body = [UInt8](repeating: 120, count: 3 << 20)
        let reply = try await loop.http.perform(HTTPRequest(.post, server.url, body: body))
        #expect(String(decoding: reply.body, as: UTF8.self) == "\(3 << 20) -")
    }

    @Test func aReplyCutShortIsTruncated() async {
        let server = ScriptedServer { _ in .half(body: [UInt8](repeating: 1, count: 1000)) }
        #expect(await failure(HTTPRequest(.get, server.url), on: loop) == .truncated)
    }

    @Test func aConnectionResetOrClosedBeforeTheReplyIsReset() async {
        for reply in [ScriptedServer.Reply.reset, .close] {
            let server = ScriptedServer { _ in reply }
            #expect(await failure(HTTPRequest(.get, server.url), on: loop) == .reset)
        }
    }

    @Test func bytesThatAreNotHTTPFail() async {
        let server = ScriptedServer { _ in .raw(Array("rubbish\r\n\r\nmore".utf8)) }
        #expect(await failure(HTTPRequest(.get, server.url), on: loop) == .garbled)
    }

    @Test func aServerThatSaysNothingTimesOut() async {
        let server = ScriptedServer { _ in .hang }
        let request = HTTPRequest(.get, server.url, totalTimeout: .milliseconds(30))
        #expect(await failure(request, on: loop) == .timeout)
    }

    @Test func aReplyAboveTheLimitIsRefusedAndOneAtTheLimitIsRead() async throws {
        let server = ScriptedServer { _ in .whole(status: 200, body: [UInt8](repeating: 7, count: 100_000)) }
        let refused = HTTPRequest(.get, server.url, maxResponseBytes: 99_999)
        #expect(await failure(refused, on: loop) == .tooLarge)
        let read = try await loop.http.perform(HTTPRequest(.get, server.url, maxResponseBytes: 100_000))
        #expect(read.body.count == 100_000)
    }

    @Test func nobodyListeningIsCannotConnect() async {
        let url: String
        do { url = ScriptedServer { _ in .close }.url }
        #expect(await failure(HTTPRequest(.get, url), on: loop) == .cannotConnect)
    }

    @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/hostname", "not an address", ""])
    func addressesOfOtherKindsAreRefused(url: String) async {
        let expected = HTTPFailure.invalidRequest("the address begins with neither http:// nor https://")
        #expect(await failure(HTTPRequest(.get, url), on: loop) == expected)
    }

    @Test func aHeaderWithALineBreakIsRefusedBeforeAnythingIsSent() async {
        let server = ScriptedServer { _ in .json("{}") }
        let request = HTTPRequest(.get, server.url, headers: [.init("X-A", "b\r\nX-B: c")])
        #expect(await failure(request, on: loop) == .invalidRequest("a header is malformed"))
        #expect(server.seen.connections == 0)
    }

    @Test func cancellingClosesTheConnectionWithin50MillisecondsAndNeverCompletes() async {
        let server = ScriptedServer { _ in .hang }
        let completed = Guarded(false)
        var shortest = Span.seconds(60)
        // The best of some tries: a busy machine may keep either thread from running for longer.
        for attempt in 1...10 where shortest >= .milliseconds(50) {
            let handle = await onLoop { http in
                http.start(HTTPRequest(.get, server.url)) { _ in completed.withLock { $0 = true } }
            }
            await server.until { $0.hanging == 1 }
            let cancelled = await onLoop { http in
                http.cancel(handle)
                http.cancel(handle)
                return SystemClock().now()
            }
            await server.until { $0.closedByClient == attempt }
            shortest = min(shortest, server.seen.lastClosed.since(cancelled))
        }
        #expect(shortest < .milliseconds(50))
        #expect(completed.withLock { !$0 })
    }

    @Test func aHandleToAFinishedRequestDoesNotCancelTheNextOne() async throws {
        let server = ScriptedServer { request in request.number == 0 ? .json("{}") : .hang }
        let old = Guarded<RequestHandle?>(nil)
        await withCheckedContinuation { done in
            loop.http.execute { [http = loop.http] in
                let handle = http.start(HTTPRequest(.get, server.url)) { _ in done.resume() }
                old.withLock { $0 = handle }
            }
        }
        let handle = try #require(old.withLock { $0 })
        async let second = loop.http.perform(HTTPRequest(.get, server.url))
        await server.until { $0.hanging == 1 }
        await onLoop { $0.cancel(handle) }
        server.release(.json("second"))
        #expect(String(decoding: try await second.body, as: UTF8.self) == "second")
    }

    @Test func fiveHundredRequestsWaitAtTheSameTime() async throws {
        let server = ScriptedServer { _ in .hang }
        let replies = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<500 {
                group.addTask { try await loop.http.perform(HTTPRequest(.post, server.url, body: [1, 2])).status }
            }
            await server.until { $0.hanging == 500 }
            server.release(.json("{}"))
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies == [Int](repeating: 200, count: 500))
        #expect(server.seen.connections == 500)
    }

    @Test func timersFireInTheirOrderAndCancelledOnesDoNot() async {
        let fired = await withCheckedContinuation { (done: CheckedContinuation<[Int], Never>) in
            loop.http.execute { [http = loop.http] in
                var fired: [Int] = []
                http.schedule(after: .milliseconds(8)) { done.resume(returning: fired + [3]) }
                http.schedule(after: .milliseconds(4)) { fired.append(2) }
                let cancelled = http.schedule(after: .milliseconds(3)) { fired.append(9) }
                http.schedule(after: .milliseconds(1)) { fired.append(1) }
                http.cancel(cancelled)
            }
        }
        #expect(fired == [1, 2, 3])
    }

    @Test func theEndOfABatchRunsAfterAllOfItsWork() async {
        let log = Guarded<[Int]>([])
        await onLoop { http in
            // What is sent while the loop is busy here forms one batch.
            for number in 0..<5 { http.execute { log.withLock { $0.append(number) } } }
            http.setBatchEnd { log.withLock { $0.append(-1) } }
        }
        await onLoop { $0.setBatchEnd(nil) }
        let seen = log.withLock { $0.filter { $0 >= 0 } }
        #expect(seen == [0, 1, 2, 3, 4])
        let marks = log.withLock { $0 }
        #expect(marks.contains(-1))
        #expect(marks.drop(while: { $0 == -1 }).prefix(5) == [0, 1, 2, 3, 4])
    }

    @Test func shutdownEndsWhatWaitsAndRefusesWhatComesAfter() async throws {
        let own = try HTTPLoop(name: "own", clock: SystemClock())
        let server = ScriptedServer { _ in .hang }
        async let waiting: HTTPFailure? = {
            do { _ = try await own.perform(HTTPRequest(.get, server.url)) } catch { return error as? HTTPFailure }
            return nil
        }()
        await server.until { $0.hanging == 1 }
        own.shutdown()
        own.shutdown()
        #expect(await waiting == .shutDown)
        #expect(!own.execute {})
        await #expect(throws: HTTPFailure.shutDown) { try await own.perform(HTTPRequest(.get, server.url)) }
    }

    private func onLoop<Value: Sendable>(_ work: @escaping @Sendable (HTTPLoop) -> Value) async -> Value {
        await withCheckedContinuation { done in
            loop.http.execute { [http = loop.http] in done.resume(returning: work(http)) }
        }
    }
}
