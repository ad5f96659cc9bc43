import Hashing
import Model
import Testing

@Suite struct IdentityTests {
    @Test func identitiesFollowFromRoundAgentAndCallsAlone() {
        let root = TurnID.root(round: 1, kind: .act, agent: "seeker-001")
        #expect(root == TurnID.root(round: 1, kind: .act, agent: "seeker-001"))
        let others = [
            TurnID.root(round: 2, kind: .act, agent: "seeker-001"),
            TurnID.root(round: 1, kind: .consolidate, agent: "seeker-001"),
            TurnID.root(round: 1, kind: .act, agent: "seeker-002"), root.passive(number: 0), root.passive(number: 1),
        ]
        #expect(Set(others + [root]).count == others.count + 1)
    }

    @Test func aCallsSeedDiffersByRunSeedTurnNumberAndAttempt() {
        let turn = TurnID.root(round: 1, kind: .act, agent: "a")
        let call = CallID(turn: turn, number: 4)
        let seeds = [
            RunSeed(1).call(call, attempt: 0), RunSeed(2).call(call, attempt: 0), RunSeed(1).call(call, attempt: 1),
            RunSeed(1).call(CallID(turn: turn, number: 5), attempt: 0),
        ]
        #expect(Set(seeds).count == seeds.count)
    }

    @Test func partitionsShareAgentsEvenly() {
        var counts = [Int](repeating: 0, count: 16)
        for number in 0..<16_000 { counts[Int(partition(ofAgent: "agent-\(number)", partitions: 16))] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    @Test func howTextIsCutIntoSegmentsDoesNotChangeARequest() {
        func spec(_ segments: [String]) -> CompletionSpec {
            CompletionSpec(
                kind: .text, model: "m", messages: [PromptMessage(role: .user, segments: segments)],
                constraint: .free, sampling: Sampling(temperature: 0, topP: 1000, maxTokens: 1))
        }
        #expect(spec(["a", "bc"]).requestHash == spec(["abc"]).requestHash)
        #expect(spec(["abd"]).requestHash != spec(["abc"]).requestHash)
    }

    @Test(arguments: [AnswerConstraint.free, .choice(["no", "yes"]), .jsonSchema("{}")])
    func aRequestHashIsTheSameFromThePrefixOfASpecThatBeginsAlike(constraint: AnswerConstraint) {
        func spec(_ user: String, _ messages: Int, _ constraint: AnswerConstraint) -> CompletionSpec {
            CompletionSpec(
                kind: .choice, model: "m",
                messages: [PromptMessage(role: .system, segments: ["You are ", "Ann."])]
                    + (1..<messages).map { PromptMessage(role: .user, segments: ["\($0)", user]) },
                constraint: constraint, sampling: Sampling(temperature: 700, topP: 1000, maxTokens: 9))
        }
        for messages in 1...3 {
            let prefix = spec("first", messages, .free).requestHashPrefix
            let other = spec("second", messages, constraint)
            #expect(other.requestHash(after: prefix) == other.requestHash)
        }
    }

    @Test func operationsOfASingleTurnStandInTheirOrderWhicheverWayTheyCame() {
        func remember(_ number: UInt32, _ text: String) -> TargetedOperation {
            TargetedOperation(
                number: number, target: AgentID(number: 1), operation: .remember(text: text, time: 0))
        }
        for operations in [
            [remember(2, "first"), remember(5, "second")], [remember(5, "second"), remember(2, "first")],
        ] {
            let turn = TurnRecord(
                path: [], agent: AgentID(number: 1), failure: nil, outcomes: [], operations: operations)
            let tree = Tree(round: 1, kind: .act, turns: [turn])
            #expect(tree.orderedOperations.map(\.operation.number) == [2, 5])
        }
    }

    @Test func operationsOfATreeStandAtTheNumberOfTheAskThatLedToThem() {
        func remember(_ number: UInt32, _ agent: UInt32, _ text: String) -> TargetedOperation {
            TargetedOperation(
                number: number, target: AgentID(number: agent), operation: .remember(text: text, time: 0))
        }
        let tree = Tree(
            round: 1, kind: .act,
            turns: [
                TurnRecord(
                    path: [5], agent: AgentID(number: 2), failure: nil, outcomes: [],
                    operations: [remember(0, 2, "third"), remember(9, 2, "fourth")]),
                TurnRecord(
                    path: [], agent: AgentID(number: 1), failure: nil, outcomes: [],
                    operations: [remember(7, 1, "fifth"), remember(0, 1, "first"), remember(4, 1, "second")]),
            ])
        let texts = tree.orderedOperations.map { entry in
            if case .remember(let text, _) = entry.operation.operation { text } else { "" }
        }
        #expect(texts == ["first", "second", "third", "fourth", "fifth"])
        #expect(tree.root.agent == AgentID(number: 1))
    }
}
