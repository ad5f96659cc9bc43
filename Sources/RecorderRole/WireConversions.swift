import Recording
import Wire

extension RecordedStep {
    /// The step that a message asks for.
    init<Tag>(_ message: RoundStep<Tag>) {
        self.init(runEpoch: message.runEpoch, round: message.round, time: message.time)
    }
}

extension Problem {
    /// A store's refusal or failure on the wire.
    init(_ problem: StoreProblem) {
        switch problem {
        case .refused(let refusal):
            let code: Code =
                switch refusal.kind {
                case .fenced: .fenced
                case .conflict: .conflict
                case .unavailable: .unavailable
                case .notFound: .notFound
                case .invalid: .invalid
                }
            self.init(code, refusal.what, advice: refusal.advice)
        case .failed(let failure): self.init(.storage, failure.what, advice: failure.advice)
        case .overloaded:
            self.init(.overloaded, "the recorder has too much to write", advice: "send the request again later")
        }
    }
}

extension RunState {
    /// The state of a run, nil where there is none.
    init?(_ record: RunRecord?) {
        guard let record else { return nil }
        self.init(
            run: record.name, definition: record.definition, epoch: record.epoch, closedRound: record.closedRound,
            openRound: record.openRound, merged: record.merged, rounds: record.rounds)
    }
}

extension PartitionState {
    /// A partition's open round.
    init(_ record: PartitionRecord) {
        self.init(committed: record.committed, failed: record.failed)
    }
}

extension Traps {
    /// Counts of a round.
    init(_ records: [TrapRecord]) {
        self.init(counts: records.map { TrapCount(root: $0.root, times: $0.times, alone: $0.alone) })
    }
}

extension RecordedOutcomes {
    /// A page of what is recorded.
    init(_ page: RecordedPage) {
        self.init(consolidations: page.consolidations, outcomes: page.outcomes, next: page.next)
    }
}

extension SnapshotPiece {
    /// The piece that a message carries.
    init(_ message: StoreSnapshot) {
        self.init(
            partition: message.partition, epoch: message.epoch, round: message.round,
            agents: message.agents.map { agent in
                Agent(
                    agent: agent.agent, head: agent.head, archived: agent.archived,
                    entries: agent.entries.map {
                        Memory(text: $0.text, time: $0.time, importance: $0.importance, vector: $0.vector)
                    })
            }, startsAnew: message.startsAnew, isLast: message.isLast)
    }
}

extension SnapshotPage {
    /// A page of heads.
    init(_ heads: SnapshotHeads) {
        self.init(
            round: heads.round,
            agents: heads.heads.map { AgentHead(agent: $0.agent, round: $0.round, head: $0.head) }, more: heads.more)
    }
}

extension AgentMemory {
    /// A page of long-term memory.
    init(_ memories: SnapshotMemories) {
        self.init(
            entries: memories.entries.map {
                RecalledMemory(text: $0.text, time: $0.time, importance: $0.importance, vector: $0.vector)
            }, more: memories.more)
    }
}

extension MergedOperations {
    /// A page.
    init(_ page: MergedPage) {
        self.init(
            operations: page.changes.map {
                MergedOperation(source: $0.source, target: $0.target, operation: $0.operation)
            },
            vectors: page.vectors.map { TextVector(agent: $0.agent, text: $0.text, vector: $0.vector) }, more: page.more
        )
    }
}

extension RunSummary {
    /// A summary.
    init(_ summary: RecordingSummary) {
        func counts(_ counts: [RecordingSummary.Count]) -> [NamedCount] {
            counts.map { NamedCount(name: $0.name, count: $0.count) }
        }
        self.init(
            events: counts(summary.events), calls: counts(summary.calls), counters: counts(summary.counters),
            digests: summary.digests.map(\.description))
    }
}
