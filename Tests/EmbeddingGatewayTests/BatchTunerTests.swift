import Hashing
import Support
import Testing

@testable import EmbeddingGatewayRole

/// A server that computes one batch after the other, each with a time that depends on its size, always kept busy.
private struct Server {
    var tuner: BatchTuner
    var now = Instant(nanoseconds: 0)
    var sent: [Int] = []
    var texts = 0
    let cost: (Double) -> Double

    init(limit: Int, cost: @escaping (Double) -> Double) {
        tuner = BatchTuner(limit: limit)
        self.cost = cost
    }

    mutating func work(batches: Int, window: Int = 3) {
        for _ in 0..<batches {
            while sent.count < window {
                sent.append(tuner.size)
                tuner.began(at: now)
            }
            let size = sent.removeFirst()
            now = now + .seconds(cost(Double(size)) / 1000)
            texts += size
            tuner.ended(texts: size, at: now)
        }
    }
}

@Suite struct BatchTunerTests {
    /// Figures of TEI on an L4: 2,080 texts/s in batches of 8, 1,904 in batches of 32.
    private static func l4(_ size: Double) -> Double { 0.864 + 0.331 * size + 0.0052 * size * size }

    @Test func itComesNearTheSizeOfTheMostTextsPerSecond() {
        var server = Server(limit: 256, cost: Self.l4)
        server.work(batches: 4_000)
        #expect([8, 12, 16].contains(server.tuner.size))
        let (began, texts) = (server.now, server.texts)
        server.work(batches: 20_000)
        let rate = Double(server.texts - texts) / server.now.since(began).seconds / 1000
        let best = (1...256).map { Double($0) / Self.l4(Double($0)) }.max() ?? 0
        #expect(rate > 0.97 * best, "\(rate) of \(best) texts/ms")
    }

    @Test func whereMoreIsAlwaysBetterItGoesToTheLimit() {
        var server = Server(limit: 100) { 20 + $0 / 10 }
        server.work(batches: 2_000)
        #expect(server.tuner.size >= 96)
    }

    @Test func whereOneAtATimeIsBestItGoesThere() {
        var server = Server(limit: 100) { $0 * $0 }
        server.work(batches: 2_000)
        #expect(server.tuner.size == 1)
    }

    @Test func itFollowsAServerThatChanges() {
        var server = Server(limit: 256) { 20 + $0 / 10 }
        server.work(batches: 3_000)
        var changed = Server(limit: 256) { 1 + $0 + $0 * $0 / 8 }
        changed.tuner = server.tuner
        changed.now = server.now
        for _ in server.sent { changed.tuner.ended(texts: nil, at: changed.now) }
        changed.work(batches: 30_000)
        #expect(changed.tuner.size < server.tuner.size)
    }

    @Test func underLittleLoadNothingIsLearnt() {
        var server = Server(limit: 256, cost: Self.l4)
        for _ in 0..<5_000 {
            server.tuner.began(at: server.now)
            server.now = server.now + .milliseconds(5)
            server.tuner.ended(texts: 1, at: server.now)
        }
        #expect(server.tuner.size == 8)
    }

    @Test func aLimitIsNeverExceededAgain() {
        var server = Server(limit: 256) { 20 + $0 / 10 }
        server.work(batches: 2_000)
        server.tuner.limit(to: 24)
        #expect(server.tuner.size <= 24)
        server.work(batches: 3_000)
        #expect(server.tuner.size == 24)
        #expect(BatchTuner(limit: 1).size == 1)
    }
}
