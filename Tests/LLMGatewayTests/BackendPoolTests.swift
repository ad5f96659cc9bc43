import Curl
import Support
import Testing

@testable import LLMGatewayRole

extension BackendProfile {
    static func test(model: String = "m", slots: UInt32 = 2, engine: Engine = .vllm) -> BackendProfile {
        BackendProfile(
            engine: engine, version: "1", model: model, contextTokens: 4096, slots: slots, tokenLimitField: .maxTokens)
    }
}

@Suite struct BackendPoolTests {
    private let now = Instant(nanoseconds: 0)

    private func pool(_ count: Int, window: Int = 0) -> BackendPool {
        var pool = BackendPool(urls: (0..<count).map { "http://s\($0)" }, window: window)
        for backend in 0..<count { pool.probed(backend, .success(.test())) }
        return pool
    }

    @Test func loadIsCountedAtDispatchSoThatABurstIsSpread() {
        var pool = pool(3)
        let chosen = (0..<6).compactMap { _ in pool.dispatch(at: now) }
        #expect(chosen == [0, 1, 2, 0, 1, 2])
        let refused = pool.dispatch(at: now)
        #expect(refused == nil)
        pool.finished(1)
        let next = pool.dispatch(at: now)
        #expect(next == 1)
    }

    @Test func theWindowIsTheServersSlotsUnlessFixed() {
        #expect(pool(1).backends[0].window == 2)
        #expect(pool(1, window: 7).backends[0].window == 7)
        var unknown = BackendPool(urls: ["http://s"], window: 0)
        unknown.probed(0, .success(.test(slots: 0)))
        #expect(unknown.backends[0].window == BackendPool.defaultWindow)
    }

    @Test func aServerIsNotGivenWorkBeforeItsProbe() {
        var pool = BackendPool(urls: ["http://s"], window: 4)
        var chosen = [pool.dispatch(at: now)]
        pool.probed(0, .failure(.unavailable("x")))
        chosen.append(pool.dispatch(at: now))
        pool.probed(0, .success(.test()))
        chosen.append(pool.dispatch(at: now))
        #expect(chosen == [nil, nil, 0])
    }

    @Test func anotherModelThanTheOthersIsRefusedAlsoLater() {
        var pool = BackendPool(urls: ["http://a", "http://b"], window: 1)
        pool.probed(0, .success(.test(model: "m")))
        pool.probed(1, .success(.test(model: "n")))
        #expect(pool.firstMisconfiguration?.what == "http://b: it serves 'n' where 'm' was served before")
        #expect(pool.misconfiguration == nil)
        pool.probed(0, .success(.test(model: "n")))
        #expect(pool.misconfiguration != nil)
    }

    @Test func aServerThatOnlySaysLaterIsBusyAndOneThatSaysNothingIsDead() {
        var busy = ServerHealth()
        busy.probed()
        for _ in 0..<3 { busy.refused(retryAfter: .seconds(2), at: now) }
        #expect(busy.isAvailable(at: now))
        busy.refused(retryAfter: .seconds(2), at: now)
        #expect(!busy.isAvailable(at: now + .seconds(1.9)))
        #expect(busy.isAvailable(at: now + .seconds(2)))

        var dead = ServerHealth()
        dead.probed()
        let ends = [HTTPFailure.timeout, .reset].map { dead.lost($0) }
        #expect(ends == [false, false])
        let isDead = dead.lost(.timeout)
        #expect(isDead)
        #expect(!dead.isAvailable(at: now + .seconds(1000)))
        dead.probed()
        #expect(dead.isAvailable(at: now))
        let isDeadAtOnce = dead.lost(.cannotConnect)
        #expect(isDeadAtOnce)
    }

    @Test func oneSuccessBetweenLossesKeepsAServerAlive() {
        var health = ServerHealth()
        health.probed()
        for _ in 0..<10 {
            let isDead = health.lost(.timeout)
            #expect(!isDead)
            health.answered()
        }
    }
}
