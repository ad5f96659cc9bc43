import Hashing
import Testing

@testable import EmulatorRole

private func digest(_ number: UInt64) -> Digest128 { Digest128(high: 7, low: number) }

private func draws(_ rates: [FaultKind: Double], seed: UInt64 = 1, repeats: Int = 1, rounds: Int = 1) -> [FaultKind?] {
    var plan = FaultPlan(rates: rates, seed: seed, repeats: repeats)
    var drawn: [FaultKind?] = []
    for _ in 0..<rounds { drawn += (0..<2_000).map { plan.draw(digest($0)) { _ in true } } }
    return drawn
}

@Suite struct FaultPlanTests {
    @Test func faultsStrikeAtTheirRate() {
        let drawn = draws([.reset: 0.1, .half: 0.2])
        let resets = drawn.filter { $0 == .reset }.count
        let halves = drawn.filter { $0 == .half }.count
        #expect((140...260).contains(resets))
        #expect((320...480).contains(halves))
        #expect(drawn.allSatisfy { $0 == nil || $0 == .reset || $0 == .half })
    }

    @Test func faultsFollowTheirSeedAndNothingElse() {
        #expect(draws([.reset: 0.3]) == draws([.reset: 0.3]))
        #expect(draws([.reset: 0.3]) != draws([.reset: 0.3], seed: 2))
    }

    @Test func faultsEndAfterTheRepeats() {
        let certain = draws([.garbage: 1], repeats: 2, rounds: 3)
        #expect(certain[..<4_000].allSatisfy { $0 == .garbage })
        #expect(certain[4_000...].allSatisfy { $0 == nil })
        #expect(draws([.garbage: 1], repeats: 0).allSatisfy { $0 == nil })
    }

    @Test func aFaultThatDoesNotApplyIsNotReplacedByAnother() {
        var plan = FaultPlan(rates: [.null: 1], seed: 1, repeats: 5)
        #expect(plan.draw(digest(1)) { $0 != .null } == nil)
        #expect(plan.draw(digest(1)) { _ in true } == .null)
    }
}
