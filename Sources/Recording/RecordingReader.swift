import GRDB
import Hashing
import Model
import Support

/// Reads a recording, finished or live, and never writes to it.
public final class RecordingReader: Sendable {
    private let queue: DatabaseQueue

    /// An event that a turn told of.
    public struct Event: Hashable, Sendable {
        /// The round.
        public var round: UInt32
        /// Textual id of the agent whose turn it was.
        public var agent: String
        /// The details as JSON text.
        public var details: String
    }

    /// An answer with who gave it.
    public struct Answer: Hashable, Sendable {
        /// The round.
        public var round: UInt32
        /// Textual id of the agent in whose turn it was given.
        public var agent: String
        /// What the call was for.
        public var kind: String
        /// The accepted answer.
        public var text: String
    }

    /// Opens the recording at `path` for reading. Throws a `UserError` when there is none.
    public init(path: String) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.label = "recording-reader"
            // A live recorder may be folding its journal in just now.
            configuration.busyMode = .timeout(5)
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { database in
                try Connection.check(database)
                guard try Int64.fetchOne(database, sql: "PRAGMA user_version") == Schema.version else {
                    throw StorageFailure("the file holds no recording", advice: "name another run folder")
                }
            }
        } catch {
            let failure = StorageFailure(error)
            throw UserError(
                "this is no readable recording: \(failure.what)", at: path, advice: "name the folder of a run",
                exitCode: .noInput)
        }
    }

    /// Digests of the closed rounds, in order.
    public func digestChain() throws -> [(round: UInt32, digest: Digest256)] {
        try read { try SummaryReader.digests($0) }
    }

    /// Counts over the recording.
    public func summary() throws -> RecordingSummary { try read { try SummaryReader.summary($0) } }

    /// The run's record and where it stands, nil before there is a run.
    public func run() throws -> RunRecord? { try read { try RunCursor($0).record } }

    /// The first events of a name that hold all of the given details, in the order of their round, turn and number.
    public func events(named name: String, limit: Int) throws -> [Event] {
        try read { database in
            let rows = try SQLStatement(
                database,
                """
                SELECT events.round, ifnull(agents.id, 'environment'), events.details
                FROM events LEFT JOIN agents ON agents.agent = events.agent
                WHERE events.name = ? ORDER BY events.round, events.id LIMIT ?
                """)
            rows.bind(1, name)
            rows.bind(2, Int64(limit))
            var events: [Event] = []
            while try rows.step() {
                events.append(
                    Event(round: UInt32(clamping: rows.int(0)), agent: rows.text(1), details: rows.text(2)))
            }
            return events
        }
    }

    /// The latest accepted answers in turns of agents of a type, the newest first.
    public func recentAnswers(turnsOfAgentType type: String, limit: Int) throws -> [Answer] {
        try read { database in
            let rows = try SQLStatement(
                database,
                """
                SELECT calls.round, agents.id, calls.kind, calls.answer
                FROM calls JOIN agents ON agents.agent = calls.agent
                WHERE agents.type = ? AND calls.answer IS NOT NULL ORDER BY calls.id DESC LIMIT ?
                """)
            rows.bind(1, type)
            rows.bind(2, Int64(limit))
            var answers: [Answer] = []
            while try rows.step() {
                answers.append(
                    Answer(
                        round: UInt32(clamping: rows.int(0)), agent: rows.text(1), kind: rows.text(2),
                        text: rows.text(3)))
            }
            return answers
        }
    }

    /// Checks everything that can be checked from the recording and the mark beside it.
    public func verify() throws -> VerificationReport {
        // Before the view of the recording: a live one goes on, and its mark must not be the newer of the two.
        let mark: MarkFile.Found
        do { mark = try MarkFile.read(beside: queue.path) } catch {
            throw userError(StorageFailure(error))
        }
        return try read { database in
            var verifier = Verifier(database, mark: mark)
            return try verifier.verify()
        }
    }

    /// Ends access.
    public func close() throws { try queue.close() }

    /// One consistent view of the recording, errors as a person reads them.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try queue.read(body)
        } catch let error as UserError {
            throw error
        } catch {
            throw userError(StorageFailure(error))
        }
    }

    private func userError(_ failure: StorageFailure) -> UserError {
        UserError(failure.what, at: queue.path, advice: failure.advice, exitCode: .dataError)
    }
}
