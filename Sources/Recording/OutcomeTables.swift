import GRDB
import Hashing
import Model

/// `turns`, `calls`, `attempts` and `embedding_calls`: outcomes as they arrive.
final class OutcomeTables {
    private let turns: RowWriter
    private let calls: RowWriter
    private let attempts: RowWriter
    private let embeddings: RowWriter
    private let segments: SegmentTable
    private let vectors: VectorTable
    private let settings: SettingsTable

    init(_ ledger: BatchLedger, segments: SegmentTable, vectors: VectorTable, settings: SettingsTable) {
        turns = ledger[.turns]
        calls = ledger[.calls]
        attempts = ledger[.attempts]
        embeddings = ledger[.embeddingCalls]
        self.segments = segments
        self.vectors = vectors
        self.settings = settings
    }

    /// Writes a row for a turn that is first heard of; nil as `root` makes it a root.
    func insertTurn(
        _ turn: TurnID, root: Int64?, round: UInt32, partition: UInt32?, agent: AgentID?, kind: Int64 = 0,
        parent: Int64? = nil, number: UInt32? = nil, status: TurnStatus = .open
    ) throws -> Int64 {
        let id = turns.begin()
        turns.add(turn.digest)
        turns.add(root ?? id)
        turns.add(round)
        turns.add(optional: partition.map { Int64($0) })
        turns.add(optional: agent.map { Int64($0.number) })
        turns.add(kind)
        turns.add(optional: parent)
        turns.add(optional: number.map { Int64($0) })
        turns.add(status.rawValue)
        try turns.insert()
        return id
    }

    /// Writes an outcome's row and gives its key. `isAside` puts an LLM call into `void_calls` and marks an embedding
    /// call void.
    /// `result` is the record's result hash.
    func insert(_ record: OutcomeRecord, result: Digest128, turn: Int64, isAside: Bool) throws -> Int64 {
        switch record.content {
        case .completion(let spec, let outcome):
            return try insert(record, spec, outcome, result: result, turn: turn, isAside: isAside)
        case .embedding(let model, let texts, let vectors):
            var ids: [Int64] = []
            ids.reserveCapacity(texts.count)
            for (text, vector) in zip(texts, vectors) { ids.append(try self.vectors.id(of: text, vector: vector)) }
            let id = embeddings.begin()
            embeddings.add(record.round)
            embeddings.add(record.agent.number)
            embeddings.add(turn)
            embeddings.add(record.call.number)
            embeddings.add(model)
            embeddings.add(record.request)
            embeddings.add(JSONText.of(numbers: ids))
            embeddings.add(result)
            embeddings.add(Int64(isAside ? 1 : 0))
            try embeddings.insert()
            return id
        }
    }

    private func insert(
        _ record: OutcomeRecord, _ spec: CompletionSpec, _ outcome: CompletionOutcome, result: Digest128, turn: Int64,
        isAside: Bool
    ) throws -> Int64 {
        // A negative number starts a message and names its role.
        var prompt: [Int64] = []
        for message in spec.messages {
            prompt.append(-Int64(message.role.rawValue))
            for segment in message.segments { prompt.append(try segments.id(of: segment)) }
        }
        let settings = try self.settings.id(of: spec)
        let id = isAside ? calls.beginAlternative() : calls.begin()
        calls.add(record.round)
        calls.add(record.agent.number)
        calls.add(turn)
        calls.add(record.call.number)
        calls.add(Int64(spec.kind.rawValue))
        calls.add(settings)
        calls.add(outcome.model)
        calls.add(Int64(outcome.rejected.count) + (outcome.answer == nil ? 0 : 1))
        calls.add(outcome.promptTokens)
        calls.add(outcome.completionTokens)
        calls.add(record.request)
        calls.add(JSONText.of(numbers: prompt))
        calls.add(optional: outcome.answer)
        calls.add(optional: outcome.answer == nil ? outcome.rejection : nil)
        calls.add(result)
        calls.add(optional: outcome.distribution.map(RecordedDistribution.text))
        calls.add(optional: outcome.distribution.map { Int64($0.coverage) })
        calls.add(optional: outcome.fallback.isEmpty ? nil : outcome.fallback)
        try calls.insert()
        for rejected in outcome.rejected {
            attempts.begin()
            attempts.add(id)
            attempts.add(rejected.attempt)
            attempts.add(rejected.reason)
            attempts.add(rejected.answer)
            try attempts.insert()
        }
        return id
    }
}

/// What became of a turn.
enum TurnStatus: Int64 {
    /// Its root has not committed.
    case open = 0
    /// Committed.
    case done = 1
    /// Committed as failed.
    case failed = 2
    /// Not part of what its root committed.
    case void = 3
}
