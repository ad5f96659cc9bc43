import Hashing
import Model
import Support
import Vectors

/// What an agent's code holds while it acts or answers: its view of the world, and its only way to change it.
///
/// A turn sees the agent as of the start of the round plus its own writes; writes take effect for others at the
/// round's merge. A turn belongs to one task: use `parallel` for calls side by side, whose branches get turns of
/// their own.
public final class Turn {
    /// The agent whose turn it is.
    public let agent: AgentID
    /// What is fixed for the run.
    public let assets: SimulationAssets
    let tree: TreeContext
    let path: [UInt32]
    let identity: TurnID
    let performer: any CallPerformer
    let updater: StateUpdater
    package var log: TurnLog

    package init(
        agent: AgentID, assets: SimulationAssets, tree: TreeContext, path: [UInt32], performer: any CallPerformer,
        updater: StateUpdater, log: TurnLog
    ) {
        self.agent = agent
        self.assets = assets
        self.tree = tree
        self.path = path
        self.performer = performer
        self.updater = updater
        self.log = log
        identity = path.reduce(tree.root) { $0.passive(number: $1) }
    }

    // MARK: What a turn sees

    /// The round, from 1.
    public var round: UInt32 { tree.round }
    /// Simulated time in seconds since the start of the run.
    public var time: Int64 { tree.time }
    /// The agent's type.
    public var type: String { assets.population.type(of: agent) }
    /// Messages that the last merge delivered.
    public var inbox: [AgentState.InboxMessage] { log.state.inbox }

    /// A field of the agent's own profile, dynamic value first; nil where it has none. In the environment's turn, one
    /// of its fields after the merge.
    public func field(_ name: String) -> Value? {
        log.state.fields[name]
            ?? (agent == .environment ? assets.environment : assets.population.record(of: agent))[name]
    }

    /// A text field of the agent's own profile; empty where it has none.
    public func text(_ name: String) -> String { field(name)?.text ?? "" }

    /// All dynamic fields that have been set, with what this turn wrote.
    public var dynamicFields: [String: Value] { log.state.fields }

    /// The public fields of an agent's profile as it was when the run started. What has changed since is learned by
    /// asking.
    public func publicProfile(of other: AgentID) -> [String: Value] {
        assets.population.publicFields(of: other)
    }

    // MARK: What a turn changes

    /// Sets a dynamic field of the agent's own profile.
    public func set(_ field: String, to value: Value) throws { try change(.set(field: field, value: value), of: agent) }
    /// Adds to a whole-number field of the agent's own profile.
    public func add(_ amount: Int64, to field: String) throws {
        try change(.add(field: field, amount: amount), of: agent)
    }
    /// Appends to a list field of the agent's own profile.
    public func append(_ value: Value, to field: String) throws {
        try change(.append(field: field, value: value), of: agent)
    }
    /// Remembers a text, rendered from a memory template.
    public func remember(_ template: String, _ fields: [String: Value]) throws {
        try rememberText(assets.prompts.render(template, fields: .map(fields)))
    }
    /// Remembers a text.
    public func rememberText(_ text: String) throws {
        try write(.remember(text: text.trimmingWhitespace(), time: time), to: agent)
    }
    /// Sends a message that the other agent finds in its inbox next round.
    public func tell(_ other: AgentID, subject: String, body: Value) throws {
        try write(.message(sender: agent, subject: subject, body: body), to: other)
    }
    /// Claims an amount of a limited resource of another agent. Granted or refused at the merge; the result is in
    /// the inbox next round.
    public func claim(_ resource: String, of owner: AgentID, amount: Int64 = 1) throws {
        try write(.claim(resource: resource, amount: amount), to: owner)
    }
    /// Notes something that a researcher counts. The name by which `endRun` ends a run is refused.
    public func event(_ name: String, _ details: [String: Value] = [:]) throws {
        guard name != Model.Operation.endOfRun else {
            throw TurnFailed(
                .init(
                    reason: .scenarioError,
                    text: "the event \(name) is the kit's own: choose another name, or end the run by endRun()"))
        }
        try write(.event(name: name, details: .map(details)), to: agent)
    }

    /// Writes what a scenario asks for: the kit's own fields are not a scenario's to change.
    func change(_ operation: Model.Operation, of target: AgentID) throws {
        switch operation {
        case .set(let field, _), .add(let field, _), .append(let field, _):
            precondition(!FieldDefinition.isReserved(field), "the field \(field) is the kit's own")
        default: break
        }
        try write(operation, to: target)
    }

    func write(_ operation: Model.Operation, to target: AgentID) throws {
        let number = try log.take()
        log.add(TargetedOperation(number: number, target: target, operation: operation))
        try checkBytes()
        if target == agent { updater.apply(operation, to: &log.state, of: agent) }
    }

    /// A tree travels and commits as one message: what would not fit fails its turn, in the same place on every rerun.
    private func checkBytes() throws {
        guard log.bytes <= assets.limits.bytes else {
            throw TurnFailed(.init(reason: .limit, text: "a turn may write \(assets.limits.bytes) bytes"))
        }
    }

    // MARK: Chance

    /// A random number in `0..<bound`, the same on every rerun.
    public func random(below bound: Int) throws -> Int {
        var generator = try generator()
        return generator.below(bound)
    }

    /// A generator of random numbers that are the same on every rerun.
    public func generator() throws -> SeededGenerator {
        assets.seed.draw(CallID(turn: identity, number: try log.take()))
    }

    // MARK: Other agents

    /// Asks another agent and waits for its answer. Throws `AskFailed` when its turn failed.
    public func ask(_ other: AgentID, _ request: Value) async throws -> Value {
        let number = try beginCall()
        guard path.count < assets.limits.depth else {
            throw TurnFailed(.init(reason: .limit, text: "asks went \(assets.limits.depth) deep"))
        }
        let reply = try await performer.ask(
            AskCall(
                tree: tree, path: path + [number], asker: agent, agent: other, request: request,
                written: log.written,
                heard: tree.recorded.isEmpty ? [] : log.turns))
        log.add(reply)
        try checkBytes()
        if let failure = reply.turns.first?.failure { throw AskFailed(agent: other, failure: failure) }
        return reply.answer
    }

    // MARK: Side by side

    /// Runs `body` for all items at the same time. Each branch sees what was written before the fork; results and
    /// writes are joined in the order of the items. When branches fail, all are awaited and the first in order of
    /// the items is thrown.
    public func parallel<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item, Turn) async throws -> Result
    ) async throws -> [Result] {
        let branches = try log.fork(items.count)
        let atFork = log
        let seed = (agent, assets, tree, path, performer, updater)
        performer.codeEnds(in: tree)
        let ended = await withTaskGroup(of: (Int, EndedBranch<Result>).self) { group in
            for (index, item) in items.enumerated() {
                let branch = branches[index]
                group.addTask {
                    let turn = Turn(
                        agent: seed.0, assets: seed.1, tree: seed.2, path: seed.3, performer: seed.4,
                        updater: seed.5, log: branch)
                    await seed.4.codeBegins(in: seed.2)
                    defer { seed.4.codeEnds(in: seed.2) }
                    do {
                        if Task.isCancelled { throw seed.2.noted(CancellationError()) }
                        let result = try await body(item, turn)
                        return (index, EndedBranch(turn.log, .success(result)))
                    } catch {
                        return (index, EndedBranch(turn.log, .failure(error)))
                    }
                }
            }
            var all = [EndedBranch<Result>?](repeating: nil, count: items.count)
            for await (index, branch) in group { all[index] = branch }
            return all.compactMap { $0 }
        }
        await performer.codeBegins(in: tree)
        for branch in ended {
            for operation in branch.log.operations where operation.target == agent {
                updater.apply(operation.operation, to: &log.state, of: agent)
            }
            log.join(branch.log, atFork: atFork)
        }
        // An interruption outranks failures: whether it comes depends on the world, not on answers.
        for branch in ended { if case .failure(let error as TurnInterrupted) = branch.result { throw error } }
        for branch in ended { if case .failure(let error as CancellationError) = branch.result { throw error } }
        return try ended.map { try $0.result.get() }
    }

    // MARK: Calls

    /// Takes a number for a call, within the tree's limit.
    func beginCall(isCount: Bool = false) throws -> UInt32 {
        guard log.calls < assets.limits.calls else {
            throw TurnFailed(.init(reason: .limit, text: "a turn may make \(assets.limits.calls) calls"))
        }
        log.countCall()
        return try isCount ? log.takeLast() : log.take()
    }

    /// Embeds texts. An empty list makes no call.
    public func embed(_ texts: [String]) async throws -> [FixedVector] {
        guard !texts.isEmpty else { return [] }
        let call = CallID(turn: identity, number: try beginCall())
        let request = OutcomeRecord.requestHash(embedding: texts, model: assets.embeddingModel)
        let answer = try await performer.embed(texts, request: request, call: call, agent: agent, tree: tree)
        log.names.append(
            OutcomeName(call: call, request: request, result: OutcomeRecord.resultHash(vectors: answer.vectors)))
        guard answer.vectors.count == texts.count else {
            throw tree.noted(TurnInterrupted(reason: "the embedding server returned another number of vectors"))
        }
        var vectors: [FixedVector] = []
        for (text, bytes) in zip(texts, answer.vectors) {
            guard let vector = try? FixedVector(bytes: bytes, dimension: assets.embeddingDimension) else {
                throw tree.noted(
                    TurnInterrupted(reason: "the embedding server returned a vector of another dimension"))
            }
            log.embedded.append((text, vector))
            vectors.append(vector)
        }
        return vectors
    }
}

/// How a branch of a fork ended. A reference, since a log is large and would be copied from hand to hand.
private final class EndedBranch<Result: Sendable>: Sendable {
    let log: TurnLog
    let result: Swift.Result<Result, any Error>

    init(_ log: TurnLog, _ result: Swift.Result<Result, any Error>) {
        self.log = log
        self.result = result
    }
}

extension String {
    /// The text without white space at its ends.
    package func trimmingWhitespace() -> String {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
