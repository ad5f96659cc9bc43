import ClusterLogic
import Hashing
import Model
import Testing

private let employer = AgentID(number: 9)

/// A tree of one turn in which `agent` does `operations`.
private func tree(_ agent: UInt32, _ operations: [(AgentID, Model.Operation)]) -> Tree {
    Tree(
        round: 1, kind: .act,
        turns: [
            TurnRecord(
                path: [], agent: AgentID(number: agent), failure: nil, outcomes: [],
                operations: operations.enumerated().map {
                    TargetedOperation(number: UInt32($0.offset), target: $0.element.0, operation: $0.element.1)
                })
        ])
}

private func claim(by agent: UInt32, amount: Int64 = 1) -> Tree {
    tree(agent, [(employer, .claim(resource: "vacancies", amount: amount))])
}

private func capacities(_ vacancies: Int64) -> MergeCapacities {
    MergeCapacities { $0 == ResourceKey(owner: employer, name: "vacancies") ? vacancies : 0 }
}

@Suite struct ClaimTests {
    @Test func claimsAreGrantedInMergeOrderWhileCapacityRemains() throws {
        var capacities = capacities(2)
        let granted = try (0..<3).map { try capacities.merge(claim(by: $0), place: UInt64($0))[0].granted }
        #expect(granted == [true, true, false])
        #expect(try capacities.remaining(ResourceKey(owner: employer, name: "vacancies")) == 0)
    }

    @Test func aLargeClaimThatIsRefusedLeavesRoomForASmallOne() throws {
        var capacities = capacities(2)
        #expect(try capacities.merge(claim(by: 0, amount: 3), place: 0)[0].granted == false)
        #expect(try capacities.merge(claim(by: 1, amount: 2), place: 1)[0].granted)
    }

    @Test func anAbsentFieldGrantsNothingAndANegativeAmountNeverDoes() throws {
        var capacities = capacities(5)
        let other = tree(0, [(employer, .claim(resource: "desks", amount: 1))])
        #expect(try capacities.merge(other, place: 0)[0].granted == false)
        #expect(try capacities.merge(claim(by: 0, amount: -1), place: 1)[0].granted == false)
        #expect(try capacities.remaining(ResourceKey(owner: employer, name: "vacancies")) == 5)
    }

    @Test func settingAndAddingCountInTheirPlaceInTheOrder() throws {
        var capacities = capacities(0)
        let opens = tree(9, [(employer, .add(field: "vacancies", amount: 1))])
        let closes = tree(9, [(employer, .set(field: "vacancies", value: .int(0)))])
        var granted: [Bool] = []
        for (place, next) in [claim(by: 0), opens, claim(by: 1), opens, closes, claim(by: 2)].enumerated() {
            granted += try capacities.merge(next, place: UInt64(place)).map(\.granted)
        }
        #expect(granted == [false, true, false])
    }

    @Test func aFieldThatBecomesATextHasNothingLeft() throws {
        var capacities = capacities(3)
        let closes = tree(9, [(employer, .set(field: "vacancies", value: .text("none")))])
        _ = try capacities.merge(closes, place: 0)
        #expect(try capacities.merge(claim(by: 0), place: 1)[0].granted == false)
        #expect(capacities.changes.map(\.remaining) == [0])
    }

    @Test func addingNeverOverflows() throws {
        var capacities = capacities(.max)
        _ = try capacities.merge(tree(9, [(employer, .add(field: "vacancies", amount: .max))]), place: 0)
        #expect(try capacities.remaining(ResourceKey(owner: employer, name: "vacancies")) == .max)
    }

    @Test func onlyChangedResourcesAreHandedBack() throws {
        var capacities = capacities(1)
        _ = try capacities.merge(claim(by: 0, amount: 2), place: 0)
        #expect(capacities.changes.isEmpty)
        _ = try capacities.merge(claim(by: 0), place: 1)
        #expect(capacities.changes.map(\.remaining) == [0])
    }
}

@Suite struct DeliveryTests {
    @Test func aGrantedClaimTakesFromTheOwnerAndTellsTheClaimant() {
        let changes = MergedChange.delivered(by: claim(by: 4, amount: 2), granted: [true])
        let claimant = AgentID(number: 4)
        #expect(
            changes == [
                MergedChange(source: claimant, target: employer, operation: .add(field: "vacancies", amount: -2)),
                MergedChange(
                    source: claimant, target: claimant,
                    operation: .claimResult(owner: employer, resource: "vacancies", granted: true)),
            ])
    }

    @Test func aRefusedClaimOnlyTellsTheClaimant() {
        let changes = MergedChange.delivered(by: claim(by: 4), granted: [false])
        #expect(changes.map(\.target) == [AgentID(number: 4)])
    }

    @Test func eventsStayWithTheRecorder() {
        let event = tree(1, [(employer, .event(name: "hired", details: .null))])
        #expect(MergedChange.delivered(by: event, granted: []).isEmpty)
    }

    @Test func passiveTurnsStandWhereTheyWereAsked() {
        func remember(_ text: String, _ number: UInt32) -> TargetedOperation {
            TargetedOperation(
                number: number, target: AgentID(number: 1), operation: .remember(text: text, time: 0))
        }
        let tree = Tree(
            round: 1, kind: .act,
            turns: [
                TurnRecord(
                    path: [2], agent: employer, failure: nil, outcomes: [], operations: [remember("asked", 0)]),
                TurnRecord(
                    path: [], agent: AgentID(number: 1), failure: nil, outcomes: [],
                    operations: [remember("before", 1), remember("after", 3)]),
            ])
        let texts = MergedChange.delivered(by: tree, granted: []).map { change -> String in
            if case .remember(let text, _) = change.operation { text } else { "" }
        }
        #expect(texts == ["before", "asked", "after"])
    }
}

@Suite struct RoundDigestTests {
    private func digest(
        previous: Digest256 = .zero, round: UInt32 = 1, trees: [Tree], granted: Bool = true, environment: Tree? = nil
    ) -> Digest256 {
        let decision = ClaimDecision(
            place: 0, number: 0, owner: employer, claimant: AgentID(number: 1), resource: "vacancies", amount: 1,
            granted: granted)
        return roundDigest(
            previous: previous, round: round, trees: trees.map { Tree.digest(ofPacked: $0.packed()) },
            claims: [decision], environment: environment.map { Tree.digest(ofPacked: $0.packed()) })
    }

    @Test func everyPartOfTheMergedStateEntersTheDigest() {
        let trees = [claim(by: 1), claim(by: 2)]
        let digests = [
            digest(trees: trees), digest(trees: trees.reversed()), digest(trees: [trees[0]]),
            digest(trees: trees, granted: false), digest(trees: trees, environment: claim(by: 3)),
            digest(round: 2, trees: trees), digest(previous: digest(trees: trees), trees: trees),
        ]
        #expect(Set(digests).count == digests.count)
        #expect(digest(trees: trees) == digests[0])
    }
}
