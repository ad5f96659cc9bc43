import Hashing
import Model
import Support
import Testing

@testable import AgentHostRole

@Suite struct CodeGateTests {
    private static func root(_ number: Int) -> TurnID { .root(round: 1, kind: .act, agent: "p\(number)") }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func whileCodeOfASuspectRunsNoOthersDoes(seed: UInt64) async {
        let gate = CodeGate()
        let inside = Guarded<[Int: Int]>([:])
        let suspects = Set([2, 5])
        await withTaskGroup(of: Void.self) { group in
            // Three branches of each root.
            for branch in 0..<24 {
                group.addTask {
                    var generator = SeededGenerator(seed: seed << 8 | UInt64(branch))
                    let number = branch / 3
                    for _ in 0..<50 {
                        await gate.enter(Self.root(number), isSuspect: suspects.contains(number))
                        let others = inside.withLock { inside in
                            inside[number, default: 0] += 1
                            return inside.filter { $0.key != number && $0.value > 0 }.map(\.key)
                        }
                        let isAlone = suspects.contains(number) ? others.isEmpty : suspects.isDisjoint(with: others)
                        #expect(isAlone, "\(number) beside \(others), seed \(seed)")
                        for _ in 0..<generator.below(3) { await Task.yield() }
                        inside.withLock { $0[number, default: 0] -= 1 }
                        gate.leave(Self.root(number))
                        for _ in 0..<generator.below(3) { await Task.yield() }
                    }
                }
            }
        }
    }

    @Test func branchesOfASuspectRunSideBySide() async {
        let gate = CodeGate()
        for _ in 0..<3 { await gate.enter(Self.root(1), isSuspect: true) }
        let other = Task { await gate.enter(Self.root(2), isSuspect: false) }
        for _ in 0..<3 { gate.leave(Self.root(1)) }
        await other.value
    }

    @Test func whoComesBehindAWaitingSuspectDoesNotPassIt() async {
        let gate = CodeGate()
        let order = Guarded<[Int]>([])
        await gate.enter(Self.root(1), isSuspect: false)
        // Each goes as far as it can before the next begins.
        let waiters = [(2, true), (3, false), (4, true), (5, false)].map { number, isSuspect in
            Task.immediate {
                await gate.enter(Self.root(number), isSuspect: isSuspect)
                order.withLock { $0.append(number) }
                gate.leave(Self.root(number))
            }
        }
        #expect(order.withLock { $0 }.isEmpty)
        gate.leave(Self.root(1))
        for waiter in waiters { await waiter.value }
        #expect(order.withLock { $0 } == [2, 3, 4, 5])
    }
}
