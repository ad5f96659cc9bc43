import GRDB
import Hashing
import Model

/// Gives recorded outcomes back as the records that they arrived as.
final class OutcomeReader {
    private let call: SQLStatement
    private let voidCall: SQLStatement
    private let attempts: SQLStatement
    private let embedding: SQLStatement
    private let embeddingsOfRoot: SQLStatement
    private let contents: ContentReader

    /// Whose call it was, beyond what its row says.
    struct Owner {
        var call: CallID
        var root: TurnID
        var partition: UInt32
    }

    init(_ database: Database, _ contents: ContentReader) throws {
        let columns = Schema.callColumns.joined(separator: ", ")
        call = try SQLStatement(database, "SELECT \(columns) FROM calls WHERE id = ?")
        voidCall = try SQLStatement(database, "SELECT \(columns) FROM void_calls WHERE id = ?")
        attempts = try SQLStatement(
            database, "SELECT attempt, reason, answer FROM attempts WHERE call = ? ORDER BY id")
        embedding = try SQLStatement(
            database, "SELECT round, agent, request, model, vectors, result FROM embedding_calls WHERE id = ?")
        embeddingsOfRoot = try SQLStatement(
            database,
            """
            SELECT embedding_calls.id, turns.identity, embedding_calls.n
            FROM turns JOIN embedding_calls ON embedding_calls.turn = turns.id
            WHERE turns.root = ? AND embedding_calls.void = 0 ORDER BY embedding_calls.id
            """)
        self.contents = contents
    }

    /// The record of a variant.
    func record(_ variant: RecordedVariant, _ owner: Owner) throws -> OutcomeRecord {
        try variant.isCompletion
            ? completion(variant.row, isAside: variant.isAside, owner)
            : embedding(variant.row, owner)
    }

    /// All embedding outcomes of a root's tree that count. `root` is the root's row in `turns`.
    func embeddings(ofRoot root: Int64, _ identity: TurnID, partition: UInt32) throws -> [OutcomeRecord] {
        embeddingsOfRoot.bind(1, root)
        var found: [(Int64, CallID)] = []
        while try embeddingsOfRoot.step() {
            guard let digest = Digest128(embeddingsOfRoot.bytes(1)) else {
                throw StorageFailure.damaged("the turn of embedding call \(embeddingsOfRoot.int(0)) has no identity")
            }
            let call = CallID(
                turn: TurnID(digest: digest), number: UInt32(clamping: embeddingsOfRoot.int(2)))
            found.append((embeddingsOfRoot.int(0), call))
        }
        return try found.map { row, call in
            try embedding(row, Owner(call: call, root: identity, partition: partition))
        }
    }

    private func completion(_ id: Int64, isAside: Bool, _ owner: Owner) throws -> OutcomeRecord {
        let statement = isAside ? voidCall : call
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step() else { throw StorageFailure.damaged("call \(id) is missing") }
        guard let kind = CallKind(rawValue: UInt8(clamping: statement.int(5))),
            let request = Digest128(bytes: statement.blob(11))
        else { throw StorageFailure.damaged("call \(id) has a kind or request hash that does not exist") }
        let settings = try contents.settings(statement.int(6))
        let spec = CompletionSpec(
            kind: kind, model: settings.model, messages: try messages(statement.text(12)),
            constraint: settings.constraint, sampling: settings.sampling, reading: settings.reading)
        let outcome = CompletionOutcome(
            answer: statement.isNull(13) ? nil : statement.text(13), rejection: statement.text(14),
            rejected: try rejected(id), promptTokens: UInt32(clamping: statement.int(9)),
            completionTokens: UInt32(clamping: statement.int(10)), model: statement.text(7),
            distribution: try RecordedDistribution.read(statement, column: 16, constraint: settings.constraint),
            fallback: statement.text(18))
        guard spec.requestHash == request else {
            throw StorageFailure.damaged("the prompt of call \(id) does not have the hash of its request")
        }
        guard outcome.rejected.count + (outcome.answer == nil ? 0 : 1) == Int(statement.int(8)) else {
            throw StorageFailure.damaged("rejected attempts of call \(id) are missing")
        }
        guard outcome.resultHash == Digest128(statement.bytes(15)) else {
            throw StorageFailure.damaged("the answer of call \(id) does not have its hash")
        }
        return OutcomeRecord(
            call: owner.call, root: owner.root, partition: owner.partition,
            round: UInt32(clamping: statement.int(1)), agent: AgentID(number: UInt32(clamping: statement.int(2))),
            request: request, content: .completion(spec, outcome))
    }

    private func messages(_ prompt: String) throws -> [PromptMessage] {
        var messages: [PromptMessage] = []
        for part in JSONText.numbers(prompt) {
            if part < 0 {
                guard let role = ChatRole(rawValue: UInt8(clamping: -part)) else {
                    throw StorageFailure.damaged("a prompt has a role that does not exist")
                }
                messages.append(PromptMessage(role: role, segments: []))
            } else {
                guard !messages.isEmpty else { throw StorageFailure.damaged("a prompt begins without a message") }
                messages[messages.count - 1].segments.append(try contents.text(part))
            }
        }
        return messages
    }

    private func rejected(_ call: Int64) throws -> [RejectedAttempt] {
        attempts.bind(1, call)
        var found: [RejectedAttempt] = []
        while try attempts.step() {
            found.append(
                RejectedAttempt(
                    attempt: UInt32(clamping: attempts.int(0)), reason: attempts.text(1), answer: attempts.text(2)))
        }
        return found
    }

    private func embedding(_ id: Int64, _ owner: Owner) throws -> OutcomeRecord {
        embedding.bind(1, id)
        defer { embedding.reset() }
        guard try embedding.step() else { throw StorageFailure.damaged("embedding call \(id) is missing") }
        guard let request = Digest128(bytes: embedding.blob(2)) else {
            throw StorageFailure.damaged("embedding call \(id) has no request hash")
        }
        let pairs = try JSONText.numbers(embedding.text(4)).map { try contents.vector($0) }
        guard OutcomeRecord.requestHash(embedding: pairs.map(\.text), model: embedding.text(3)) == request,
            OutcomeRecord.resultHash(vectors: pairs.map(\.vector)) == Digest128(embedding.bytes(5))
        else {
            throw StorageFailure.damaged("the texts or vectors of embedding call \(id) do not have their hash")
        }
        return OutcomeRecord(
            call: owner.call, root: owner.root, partition: owner.partition,
            round: UInt32(clamping: embedding.int(0)), agent: AgentID(number: UInt32(clamping: embedding.int(1))),
            request: request,
            content: .embedding(model: embedding.text(3), texts: pairs.map(\.text), vectors: pairs.map(\.vector)))
    }
}
