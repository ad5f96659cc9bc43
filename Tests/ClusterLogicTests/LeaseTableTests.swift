import ClusterLogic
import Hashing
import Support
import Testing

@Suite struct LeaseTableTests {
    private func loads(_ table: LeaseTable) -> [UInt32: Int] {
        Dictionary(grouping: table.leases, by: \.host).mapValues(\.count)
    }

    @Test func partitionsAreSpreadEvenlyAndTheEnvironmentHasOne() {
        var table = LeaseTable(partitions: 10, runEpoch: 1)
        #expect(table.balance([0, 1, 2]).map(\.partition) == Array(0...10))
        #expect(loads(table).values.sorted() == [3, 4, 4])
        #expect(table.environmentHolder == 1)
    }

    @Test func everyGrantAndEveryStartRaisesTheEpoch() throws {
        var table = LeaseTable(partitions: 1, runEpoch: 1)
        let first = try #require(table.balance([0]).first?.epoch)
        let second = try #require(table.repair([1]).first?.epoch)
        var later = LeaseTable(partitions: 1, runEpoch: 2)
        let third = try #require(later.balance([0]).first?.epoch)
        #expect(first < second && second < third)
    }

    @Test func whatIsEvenStaysAsItIs() {
        var table = LeaseTable(partitions: 10, runEpoch: 1)
        _ = table.balance([0, 1, 2])
        #expect(table.balance([2, 0, 1]).isEmpty)
        #expect(table.repair([0, 1, 2]).isEmpty)
    }

    @Test func aRepairMovesNothingButWhatHasNoHolder() {
        var table = LeaseTable(partitions: 8, runEpoch: 1)
        _ = table.balance([0, 1, 2])
        let before = table.leases
        let granted = table.repair([0, 2, 5])
        #expect(granted.map(\.partition) == before.filter { $0.host == 1 }.map(\.partition))
        // The new one had none.
        #expect(granted.allSatisfy { $0.host == 5 })
    }

    @Test func sharesMoveAsLittleAsPossible() {
        for seed in 0..<500 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var table = LeaseTable(partitions: UInt32(1 + generator.below(40)), runEpoch: 1)
            for _ in 0..<6 {
                let hosts = (0..<8 as Range<UInt32>).filter { _ in generator.below(2) == 0 } + [9]
                let before = table.leases
                if generator.below(2) == 0 { _ = table.repair(hosts) }
                let moved = table.balance(hosts)
                let after = hosts.map { loads(table)[$0] ?? 0 }
                #expect((after.max() ?? 0) - (after.min() ?? 0) <= 1, "seed \(seed)")
                guard !before.isEmpty else { continue }
                // Whatever a host has above its share must go, and no more.
                #expect(Set(moved.map(\.partition)).count == moved.count, "seed \(seed)")
            }
            let hosts: [UInt32] = [9, 10, 11]
            let had = hosts.map { host in table.leases.count { $0.host == host } }.sorted(by: >)
            let total = table.leases.count
            let least =
                total
                - had.enumerated().reduce(0) { sum, one in
                    sum + min(one.element, total / 3 + (one.offset < total % 3 ? 1 : 0))
                }
            #expect(table.balance(hosts).count == least, "seed \(seed)")
        }
    }
}

@Suite struct MembershipTests {
    private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// Ticks each quarter of a second from after `start` to `end`, and who was lost on the way.
    private func tick(_ membership: inout Membership, _ start: UInt64, _ end: UInt64) -> [UInt32] {
        stride(from: start + 250, through: end, by: 250).flatMap { membership.tick(now: at($0)) }
    }

    @Test func aHostThatIsSilentForTheLeaseTimeIsLostOnce() {
        var membership = Membership(lease: .seconds(2))
        membership.hear(3, now: at(0))
        membership.hear(4, now: at(0))
        #expect(tick(&membership, 0, 1750).isEmpty)
        membership.hear(4, now: at(1750))
        #expect(tick(&membership, 1750, 2000) == [3])
        #expect(tick(&membership, 2000, 3500).isEmpty)
        #expect(tick(&membership, 3500, 3750) == [4])
    }

    @Test func whenTheCoordinatorSleptNobodyIsCondemnedForIt() {
        var membership = Membership(lease: .seconds(2))
        membership.hear(3, now: at(0))
        #expect(tick(&membership, 0, 500).isEmpty)
        #expect(membership.tick(now: at(60_000)).isEmpty)
        #expect(tick(&membership, 60_000, 61_750).isEmpty)
        #expect(tick(&membership, 61_750, 62_000) == [3])
    }

    @Test func aCoordinatorWhoseTicksAreAlwaysLateStillLosesTheSilent() {
        var membership = Membership(lease: .seconds(3))
        membership.hear(3, now: at(0))
        membership.hear(4, now: at(0))
        var lost: [UInt32] = []
        for time in stride(from: UInt64(0), through: 6000, by: 1500) {
            membership.hear(4, now: at(time))
            lost += membership.tick(now: at(time))
        }
        #expect(lost == [3])
    }

    @Test func aHostThatIsForgottenIsNotLost() {
        var membership = Membership(lease: .seconds(2))
        membership.hear(3, now: at(0))
        membership.forget(3)
        #expect(tick(&membership, 0, 5000).isEmpty)
    }
}
