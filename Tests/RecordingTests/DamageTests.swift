import Foundation
import GRDB
import Hashing
import Model
import Testing

@testable import Recording

/// What was acknowledged, as a client knows it: calls with the hash of their result, and committed trees.
private struct Acknowledged {
    var calls: Set<Call> = []
    var trees: Set<Digest256> = []
    var rounds: [Digest256] = []

    struct Call: Hashable {
        var identity: CallID
        var result: Digest128
    }

    mutating func add(_ record: OutcomeRecord) {
        calls.insert(Call(identity: record.call, result: record.resultHash))
    }
}

/// The files that a crash leaves: the database, its journal and the mark.
private struct CrashedFiles {
    static let names = ["recording.sqlite", "recording.sqlite-wal", "recording.acknowledged"]
    var bytes: [[UInt8]]

    init(in folder: String) throws {
        bytes = try Self.names.map { Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) }
    }

    var database: [UInt8] {
        get { bytes[0] }
        set { bytes[0] = newValue }
    }
    var journal: [UInt8] {
        get { bytes[1] }
        set { bytes[1] = newValue }
    }

    func write(to folder: String) throws {
        for (name, bytes) in zip(Self.names, bytes) {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        try? FileManager.default.removeItem(atPath: "\(folder)/recording.sqlite-shm")
    }
}

/// How a damaged recording fares.
private enum Fate: Equatable {
    /// Everything acknowledged is readable.
    case whole
    /// Opening it, reading it or verifying it says what is wrong.
    case refused(String)
    /// Something acknowledged is missing or different, and nobody says so.
    case silentLoss(String)
}

@Suite struct DamageTests {
    /// A recording that crashed in its second round: the first one folded into the file, the second in the journal.
    private func crashed() throws -> (CrashedFiles, Acknowledged, Fixture) {
        let fixture = try Fixture()
        var acknowledged = Acknowledged()
        try fixture.begin()
        acknowledged.rounds.append(try #require(try fixture.play(1)))
        for agent in fixture.agents.indices { acknowledged.add(fixture.call(agent, round: 1)) }
        try fixture.reopen()
        try fixture.open(2)
        for agent in fixture.agents.indices {
            let attempt = RejectedAttempt(attempt: 0, reason: "no option", answer: "hm")
            let records = [
                fixture.call(agent, round: 2, rejected: agent == 0 ? [attempt] : []),
                fixture.embedding(agent, round: 2, texts: ["text of agent \(agent)"]),
            ]
            try fixture.send([.outcomes(records)])
            for record in records { acknowledged.add(record) }
            guard agent < 4 else { continue }
            let commit = fixture.commit(
                agent, round: 2, using: records,
                operations: [(fixture.agents[agent].agent, .remember(text: "I remember number \(agent).", time: 3))])
            try fixture.send([.commit(commit)])
            acknowledged.trees.insert(Tree.digest(ofPacked: commit.tree))
        }
        return (try CrashedFiles(in: fixture.folder), acknowledged, fixture)
    }

    private func fate(_ files: CrashedFiles, _ acknowledged: Acknowledged, in folder: String) throws -> Fate {
        try files.write(to: folder)
        let path = "\(folder)/recording.sqlite"
        do {
            let store = try SQLiteRecordStore(.file(path), wallClock: { 0 })
            defer { try? store.close() }
            for partition in 0..<Fixture.partitions { _ = try store.partition(partition, epoch: 1, round: 2) }
            let reader = try RecordingReader(path: path)
            defer { try? reader.close() }
            if let violation = try reader.verify().violation { return .refused(violation) }
            let found = try reader.read { try Self.readable($0) }
            if !found.calls.isSuperset(of: acknowledged.calls) { return .silentLoss("calls") }
            if !found.trees.isSuperset(of: acknowledged.trees) { return .silentLoss("trees") }
            return found.rounds.starts(with: acknowledged.rounds) ? .whole : .silentLoss("rounds")
        } catch let failure as StorageFailure {
            #expect(!failure.advice.isEmpty)
            return .refused(failure.what)
        } catch let refusal as RecordRefusal {
            // The round or a partition's epoch is not what was acknowledged, and the store does not know it.
            return .silentLoss(refusal.what)
        } catch {
            return .refused("\(error)")
        }
    }

    /// What the tables hold, each result's hash computed again from the answer or the vectors.
    private static func readable(_ database: Database) throws -> Acknowledged {
        var found = Acknowledged()
        for table in ["calls", "void_calls"] {
            let rows = try Row.fetchAll(
                database,
                sql:
                    "SELECT identity, \(table).n, answer, rejection FROM \(table) "
                    + "JOIN turns ON turns.id = \(table).turn"
            )
            for row in rows {
                let outcome = CompletionOutcome(
                    answer: row["answer"], rejection: row["rejection"] ?? "", rejected: [], promptTokens: 0,
                    completionTokens: 0, model: "")
                found.insert(row, outcome.resultHash)
            }
        }
        let embeddings = try Row.fetchAll(
            database,
            sql: "SELECT identity, embedding_calls.n, vectors FROM embedding_calls JOIN turns ON turns.id = turn")
        for row in embeddings {
            let vectors = try JSONText.numbers(row["vectors"]).map { id in
                Array(
                    try Data.fetchOne(database, sql: "SELECT vector FROM vectors WHERE id = ?", arguments: [id])
                        ?? Data())
            }
            found.insert(row, OutcomeRecord.resultHash(vectors: vectors))
        }
        found.trees = Set(
            try Data.fetchAll(database, sql: "SELECT digest FROM trees").compactMap { Digest256(bytes: Array($0)) })
        found.rounds = try SummaryReader.digests(database).map(\.digest)
        return found
    }

    private static let seed: UInt64 = 0x6461_6d61_6765

    @Test func anUndamagedCrashLosesNothing() throws {
        let (files, acknowledged, fixture) = try crashed()
        try fixture.store.close()
        #expect(try fate(files, acknowledged, in: fixture.folder) == .whole)
    }

    @Test func aJournalCutAnywhereIsNoticed() throws {
        let (files, acknowledged, fixture) = try crashed()
        try fixture.store.close()
        var places = SeededGenerator(seed: Self.seed)
        var refused = 0
        // A few bytes off every fourth sector, so that headers, page contents and exact ends of frames are all cut.
        for sector in stride(from: 0, to: files.journal.count, by: 2048) {
            let length = min(files.journal.count - 1, sector + Int(places.next() % 2048))
            var damaged = files
            damaged.journal.removeLast(files.journal.count - length)
            let fate = try fate(damaged, acknowledged, in: fixture.folder)
            if case .silentLoss(let what) = fate {
                Issue.record("seed \(Self.seed): journal cut at \(length) of \(files.journal.count) loses \(what)")
            }
            if case .refused = fate { refused += 1 }
        }
        #expect(refused > 100)
    }

    @Test(arguments: [0, 1, 2])
    func aFlippedBitAnywhereIsNoticedOrHarmless(_ file: Int) throws {
        let (files, acknowledged, fixture) = try crashed()
        try fixture.store.close()
        var places = SeededGenerator(seed: Self.seed + UInt64(file))
        var refused = 0
        for _ in 0..<(file == 2 ? 40 : 120) {
            var damaged = files
            let (byte, bit) = (Int(places.next() % UInt64(files.bytes[file].count)), places.next() % 8)
            damaged.bytes[file][byte] ^= 1 << bit
            let fate = try fate(damaged, acknowledged, in: fixture.folder)
            if case .silentLoss(let what) = fate {
                Issue.record(
                    """
                    seed \(Self.seed + UInt64(file)): bit \(bit) of byte \(byte) of \(CrashedFiles.names[file]) \
                    loses \(what)
                    """)
            }
            if case .refused = fate { refused += 1 }
        }
        // Bits of free space, of pages that the journal holds anew, and of one slot of the mark do no harm.
        #expect(file == 2 || refused > 0)
    }

    @Test func aCutDatabaseAndAMissingJournalAreNoticed() throws {
        let (files, acknowledged, fixture) = try crashed()
        try fixture.store.close()
        for length in stride(from: 0, to: files.database.count, by: 3_000) {
            var damaged = files
            damaged.database.removeLast(files.database.count - length)
            let fate = try fate(damaged, acknowledged, in: fixture.folder)
            guard case .refused = fate else {
                // The journal may hold every page that was cut off.
                #expect(fate == .whole, "database cut at \(length)")
                continue
            }
        }
        var damaged = files
        damaged.journal = []
        guard case .refused(let what) = try fate(damaged, acknowledged, in: fixture.folder) else {
            Issue.record("the journal was taken away and nobody noticed")
            return
        }
        #expect(what.contains("of round 2 were acknowledged and are not in the journal"))
    }
}

extension Acknowledged {
    fileprivate mutating func insert(_ row: Row, _ result: Digest128) {
        let identity: Data = row["identity"]
        guard let digest = Digest128(bytes: Array(identity)) else { return }
        calls.insert(Call(identity: CallID(turn: TurnID(digest: digest), number: row["n"]), result: result))
    }
}
