import Hashing
import Model
import SimulationKit
import Vectors

/// What a root turn came to: a tree to commit.
public struct RootResult: Sendable {
    /// The tree, with all turns below the root.
    public var tree: Tree
    /// Every outcome that the tree used.
    public var outcomes: [OutcomeName]
    /// Vectors that a consolidation embedded, by content of the text: its effect needs them. Empty for other roots.
    public var vectors: [Digest128: FixedVector]
}

/// Runs turns: gives code its view, and turns what it did or how it failed into records.
public struct TurnRunner: Sendable {
    let assets: SimulationAssets
    let performer: any CallPerformer
    let updater: StateUpdater

    /// A runner whose turns reach the world through `performer`.
    public init(assets: SimulationAssets, performer: any CallPerformer) {
        self.assets = assets
        self.performer = CallWatch(performer: performer)
        updater = StateUpdater(assets)
    }

    /// Runs a root turn to its end. Throws `TurnInterrupted` or `CancellationError` where it has to be run again;
    /// every other error becomes part of the tree.
    ///
    /// `interventions` are the recorded ones that the environment's turn carries out, behind the scenario's part of it
    /// and those of the configuration. Code that `traps` whenever it runs is not run: the turn fails for it.
    public func runRoot(
        _ kind: RootKind, agent: AgentID, state: AgentState, tree: TreeContext, interventions: [Intervention] = [],
        traps: Bool = false
    ) async throws -> RootResult {
        let all = kind == .environment ? assets.interventions(inRound: tree.round + 1) + interventions : []
        let (_, turns, turn) = try await run(
            agent: agent, state: state, tree: tree, path: [], interventions: all
        ) { turn in
            guard !traps else { throw TurnFailed(.trapped) }
            switch kind {
            case .act: try await assets.scenario.act(turn)
            case .consolidate: try await turn.consolidate()
            case .environment where assets.scenario.hasEnvironmentTurn:
                try await assets.scenario.takeEnvironmentTurn(turn)
            // Only interventions make it necessary.
            case .environment: break
            }
            return .null
        }
        return RootResult(
            tree: Tree(round: tree.round, kind: kind, turns: turns), outcomes: turn.names,
            vectors: kind == .consolidate
                ? Dictionary(turn.embedded.map { (contentHash($0.text), $0.vector) }) { $1 } : [:])
    }

    /// Puts a question to an agent and gives its answer; nothing comes of it. Throws `TurnFailed` where there is none.
    public func interview(
        _ agent: AgentID, _ question: String, state: AgentState, tree: TreeContext, path: [UInt32]
    ) async throws -> String {
        let turn = Turn(
            agent: agent, assets: assets, tree: tree, path: path, performer: performer, updater: updater,
            log: TurnLog(state: state, written: []))
        return try await turn.write(KitTemplates.interview, ["question": .text(question)], about: question)
    }

    /// Runs a passive turn to its end. `state` is the asked agent's at the start of the round.
    public func runPassive(_ ask: AskCall, state: AgentState) async throws -> AskReply {
        var view = state
        for write in ask.written where write.target == ask.agent {
            updater.apply(write.operation, to: &view, of: ask.agent)
        }
        let (answer, turns, log) = try await run(
            agent: ask.agent, state: view, after: ask, tree: ask.tree, path: ask.path
        ) { turn in
            // What the kit asks of participants of a conversation is none of the scenario's.
            if let request = ConversationRequest(ask.request) { return try await turn.answer(request) }
            return try await assets.scenario.answer(ask.request, from: ask.asker, turn)
        }
        return AskReply(answer: answer, turns: turns, outcomes: log.names)
    }

    /// Runs code in a turn; its record comes first, those below it follow. Interventions happen behind it, even where
    /// it failed: they are the researcher's, and nothing that the code did.
    private func run(
        agent: AgentID, state: AgentState, after ask: AskCall? = nil, tree: TreeContext, path: [UInt32],
        interventions: [Intervention] = [], _ body: (Turn) async throws -> Value
    ) async throws -> (answer: Value, turns: [TurnRecord], log: TurnLog) {
        let turn = Turn(
            agent: agent, assets: assets, tree: tree, path: path, performer: performer, updater: updater,
            log: TurnLog(state: state, written: ask?.written ?? [], heard: ask?.heard ?? []))
        let answer: Value
        let failure: TurnFailure?
        await performer.codeBegins(in: tree)
        defer { performer.codeEnds(in: tree) }
        // It may have waited for long, and be wanted by nobody any more.
        try Task.checkCancellation()
        do {
            answer = try await body(turn)
            failure = nil
        } catch {
            if error is TurnInterrupted || error is CancellationError { throw error }
            answer = .null
            failure = Self.failure(of: error)
        }
        // Caught by the scenario's code or not: what came of it is no result.
        if let interruption = tree.interruption { throw interruption }
        if failure != nil { turn.log.void(to: state) }
        try turn.carryOut(interventions)
        let log = turn.log
        let record = TurnRecord(
            path: path, agent: agent, failure: failure, outcomes: log.outcomes,
            operations: log.operations)
        return (answer, [record] + log.below, log)
    }

    private static func failure(of error: any Error) -> TurnFailure {
        switch error {
        case let error as TurnFailed: error.failure
        case let error as AskFailed:
            TurnFailure(reason: .askFailed, text: "\(error.agent) failed: \(error.failure.text)")
        default: TurnFailure(reason: .scenarioError, text: String("\(error)".prefix(500)))
        }
    }
}
