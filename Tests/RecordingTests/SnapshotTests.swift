import Foundation
import GRDB
import Hashing
import Model
import Recording
import Testing
import Vectors

/// Two closed rounds, in which every agent remembers something, and pieces of snapshots of them.
@Suite struct SnapshotTests {
    private let fixture: Fixture

    init() throws {
        fixture = try Fixture(agents: 12)
        try fixture.begin()
        for round in UInt32(1)...2 { try fixture.play(round) }
    }

    private var partition: UInt32 { fixture.agents[0].partition }

    /// Agents of the first agent's partition, ascending.
    private var mates: [AgentID] { fixture.agents.filter { $0.partition == partition }.map(\.agent) }

    private static let texts = ["I applied in round 1.", "I applied in round 2."]

    private func memory(_ text: String, vector bytes: [UInt8]? = nil) -> SnapshotPiece.Memory {
        let vector = bytes.flatMap { try? FixedVector(bytes: $0, dimension: 4) }
        return SnapshotPiece.Memory(text: contentHash(text), time: 3, importance: 4, vector: vector?.checksum)
    }

    private func agent(
        _ agent: AgentID, _ head: String, archived: UInt32 = 0, _ entries: [SnapshotPiece.Memory] = []
    ) -> SnapshotPiece.Agent {
        SnapshotPiece.Agent(agent: agent, head: Array(head.utf8), archived: archived, entries: entries)
    }

    private func piece(
        _ agents: [SnapshotPiece.Agent], round: UInt32 = 1, epoch: UInt64 = 1, startsAnew: Bool = false,
        isLast: Bool = true
    ) -> RecordRequest {
        .snapshot(
            SnapshotPiece(
                partition: partition, epoch: epoch, round: round, agents: agents, startsAnew: startsAnew,
                isLast: isLast))
    }

    /// Heads as text by agent, with their rounds.
    private func heads() throws -> (round: UInt32, heads: [String]) {
        let page = try fixture.store.snapshot(partition, epoch: 1, after: nil)
        #expect(!page.more)
        return (page.round, page.heads.map { "\($0.agent) \($0.round) \(String(decoding: $0.head, as: UTF8.self))" })
    }

    private func memories(_ count: UInt32, from offset: UInt32 = 0) throws -> SnapshotMemories {
        try fixture.store.memories(partition, epoch: 1, agent: mates[0], offset: offset, count: count)
    }

    private func rows(_ table: String) throws -> Int {
        let queue = try DatabaseQueue(path: fixture.path)
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }

    private func restart() throws {
        try fixture.store.close()
        fixture.store = try SQLiteRecordStore(.file(fixture.path), wallClock: { 0 })
    }

    private func change(_ sql: String) throws {
        try fixture.store.close()
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.write { try $0.execute(sql: sql) }
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT changes()") } == 1)
        try queue.close()
        fixture.store = try SQLiteRecordStore(.file(fixture.path), wallClock: { 0 })
    }

    // MARK: - Storing

    @Test func aSnapshotComesBackAsItWasStored() throws {
        #expect(try heads() == (0, []))
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        for _ in 0..<2 {
            #expect(try heads() == (1, ["\(mates[0]) 1 a", "\(mates[1]) 1 b"]))
            let page = try memories(1)
            #expect(page.entries.map(\.text) == [Self.texts[0]] && !page.more)
            #expect(page.entries[0].time == 3 && page.entries[0].importance == 4 && page.entries[0].vector.isEmpty)
            try fixture.reopen()
        }
    }

    @Test func aSecondSnapshotLeavesOneHeadOfEachAgentAndAddsItsMemories() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try fixture.send([
            piece([agent(mates[0], "a2", archived: 1, [memory(Self.texts[1]), memory(Self.texts[0])])], round: 2)
        ])
        #expect(try heads() == (2, ["\(mates[0]) 2 a2", "\(mates[1]) 1 b"]))
        #expect(try rows("snapshot_heads") == 2)
        #expect(try rows("snapshots") == 1)
        #expect(try memories(3).entries.map(\.text) == [Self.texts[0], Self.texts[1], Self.texts[0]])
        #expect(try memories(3, from: 2).entries.map(\.text) == [Self.texts[0]])
        #expect(try memories(1).entries.map(\.text) == [Self.texts[0]])
    }

    @Test func aPieceGivenTwiceOrLateChangesNothing() throws {
        let first = piece([agent(mates[0], "a", [memory(Self.texts[0])])])
        let second = piece([agent(mates[0], "b", archived: 1, [memory(Self.texts[1])])], round: 2)
        for request in [first, first, second, second, first] { #expect(try fixture.send([request]) == [.done]) }
        #expect(try heads() == (2, ["\(mates[0]) 2 b"]))
        #expect(try memories(2).entries.map(\.text) == Self.texts)
        #expect(try rows("snapshot_memories") == 2)
    }

    @Test func whatIsCutShortBetweenPiecesLeavesNewerHeadsUnderTheOldRound() throws {
        try fixture.send([piece([agent(mates[0], "a"), agent(mates[1], "b")])])
        try fixture.send([piece([agent(mates[0], "a2")], round: 2, isLast: false)])
        try fixture.reopen()
        #expect(try heads() == (1, ["\(mates[0]) 2 a2", "\(mates[1]) 1 b"]))
    }

    @Test func snapshotsUnderAnotherEpochAreFenced() throws {
        for epoch in [UInt64(0), 2] {
            #expect(try fixture.refusal(piece([agent(mates[0], "a")], epoch: epoch))?.kind == .fenced)
        }
        #expect(throws: RecordRefusal.self) { try fixture.store.snapshot(partition, epoch: 2, after: nil) }
        #expect(try rows("snapshot_heads") == 0)
    }

    @Test func whatMakesNoSenseIsRefusedWhole() throws {
        let stranger = try #require(fixture.agents.first { $0.partition != partition }).agent
        let good = agent(mates[0], "a")
        try fixture.open(3)
        let requests = [
            piece([good], round: 0), piece([good], round: 3), piece([good, agent(stranger, "s")]),
            piece([agent(mates[1], "b"), good]), piece([good, good]),
            piece([good, agent(mates[1], "b", archived: 1)]),
            piece([good, agent(mates[1], "b", [memory("nobody ever wrote this")])]),
            piece([good, agent(AgentID(number: 10_000), "x")]),
        ]
        for (index, request) in requests.enumerated() {
            #expect(try fixture.refusal(request)?.kind == .invalid, "request \(index)")
        }
        #expect(try rows("snapshot_heads") == 0)
    }

    @Test func memoriesThatStartAnewTakeThePlaceOfAllBefore() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0]), memory(Self.texts[0])])])])
        try fixture.send([piece([agent(mates[0], "b", [memory(Self.texts[1])])], round: 2)])
        #expect(try memories(1).entries.map(\.text) == [Self.texts[1]])
        #expect(try rows("snapshot_memories") == 1)
    }

    // MARK: - Loading

    @Test func headsComeInPages() throws {
        let large = String(repeating: "h", count: 3 << 20)
        try #require(mates.count >= 3)
        try fixture.send(mates.map { piece([agent($0, "\($0)\(large)")], isLast: $0 == mates.last) })
        var found: [AgentID] = []
        var pages = 0
        var more = true
        while more {
            let page = try fixture.store.snapshot(partition, epoch: 1, after: found.last)
            #expect(page.round == 1)
            #expect(page.heads.count <= 2)
            found += page.heads.map(\.agent)
            more = page.more
            pages += 1
        }
        #expect(found == mates)
        #expect(pages == (mates.count + 1) / 2)
    }

    @Test func vectorsAreTheOnesThatTheAgentWasGiven() throws {
        try fixture.open(3)
        let text = "embedded twice"
        let vectors: [[UInt8]] = [[0, 60, 0, 0, 0, 0, 0, 0], [0, 0, 0, 60, 0, 0, 0, 0]]
        let own = try #require(fixture.agents.firstIndex { $0.agent == mates[0] })
        let other = try #require(fixture.agents.firstIndex { $0.agent == mates[1] })
        try fixture.send([
            .outcomes([
                fixture.embedding(other, round: 3, texts: [text], vectors: [vectors[0]]),
                fixture.embedding(own, round: 3, texts: [text], vectors: [vectors[1]]),
            ])
        ])
        try fixture.send([piece([agent(mates[0], "a", [memory(text, vector: vectors[1])])])])
        #expect(try memories(1).entries.map(\.vector) == [vectors[1]])
    }

    @Test func eachMemoryHasTheVectorThatItWasMadeWith() throws {
        try fixture.open(3)
        let text = "embedded twice"
        let vectors: [[UInt8]] = [[0, 60, 0, 0, 0, 0, 0, 0], [0, 0, 0, 60, 0, 0, 0, 0]]
        let own = try #require(fixture.agents.firstIndex { $0.agent == mates[0] })
        try fixture.send([
            .outcomes([
                fixture.embedding(own, round: 3, number: 5, texts: [text], vectors: [vectors[0]]),
                fixture.embedding(own, round: 3, number: 6, texts: [text], vectors: [vectors[1]]),
            ])
        ])
        try fixture.send([
            piece([agent(mates[0], "a", [memory(text, vector: vectors[0]), memory(text, vector: vectors[1])])])
        ])
        #expect(try memories(2).entries.map(\.vector) == vectors)
        let unknown = memory(text, vector: [0, 0, 0, 0, 0, 60, 0, 0])
        #expect(try fixture.refusal(piece([agent(mates[1], "b", [unknown])]))?.kind == .invalid)
    }

    // MARK: - Damage

    @Test(arguments: [
        "UPDATE snapshot_heads SET head = x'00' WHERE agent = (SELECT min(agent) FROM snapshot_heads)",
        "UPDATE snapshot_heads SET round = 2 WHERE agent = (SELECT max(agent) FROM snapshot_heads)",
        "UPDATE snapshot_heads SET memories = 0 WHERE memories = 1",
        "UPDATE snapshots SET round = 9", "UPDATE snapshots SET round = 2",
        "DELETE FROM snapshot_heads WHERE memories = 1", "DELETE FROM snapshot_heads WHERE memories = 0",
        "DELETE FROM snapshots", "UPDATE snapshots SET heads = heads + 1",
    ])
    func aDamagedHeadIsRefusedAndEndsNothing(sql: String) throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try change(sql)
        for _ in 0..<2 {
            let refusal = #expect(throws: RecordRefusal.self) {
                try fixture.store.snapshot(partition, epoch: 1, after: nil)
            }
            #expect(refusal?.kind == .conflict)
        }
        #expect(try RecordingReader(path: fixture.path).verify().violation?.contains("snapshot") == true)
    }

    @Test(arguments: [
        "UPDATE snapshot_heads SET head = x'00' WHERE memories = 1",
        "UPDATE snapshot_heads SET round = 9 WHERE memories = 1", "UPDATE snapshots SET round = 9",
        "DELETE FROM snapshot_heads WHERE memories = 1", "DELETE FROM snapshots",
    ])
    func aSnapshotThatIsWrittenAnewMendsADamagedOne(sql: String) throws {
        let whole = [agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")]
        try fixture.send([piece(whole)])
        try change(sql)
        #expect(throws: RecordRefusal.self) { try heads() }
        try fixture.send([piece(whole, startsAnew: true)])
        #expect(try heads() == (1, ["\(mates[0]) 1 a", "\(mates[1]) 1 b"]))
        #expect(try memories(1).entries.map(\.text) == [Self.texts[0]])
    }

    @Test(arguments: [
        "UPDATE snapshot_heads SET head = x'00' WHERE memories = 1", "UPDATE snapshots SET round = 9",
        "DELETE FROM snapshot_heads WHERE memories = 0",
    ])
    func aRecorderThatStartedAgainMeanwhileLetsADamagedSnapshotBeWrittenAnew(sql: String) throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")], round: 2)])
        try change(sql)
        #expect(throws: RecordRefusal.self) { try heads() }
        try restart()
        try fixture.send([
            piece([agent(mates[0], "c")], round: 2, startsAnew: true, isLast: false),
            piece([agent(mates[1], "d")], round: 2),
        ])
        #expect(try heads() == (2, ["\(mates[0]) 2 c", "\(mates[1]) 2 d"]))
        #expect(try rows("snapshot_memories") == 0)
    }

    @Test func aHeadWhoseRoundWasChangedDoesNotKeepNewerOnesOut() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try change("UPDATE snapshot_heads SET round = 2 WHERE memories = 1")
        try fixture.send([piece([agent(mates[0], "a2", archived: 1, [memory(Self.texts[1])])], round: 2)])
        #expect(try heads() == (2, ["\(mates[0]) 2 a2", "\(mates[1]) 1 b"]))
        #expect(try memories(2).entries.map(\.text) == Self.texts)
    }

    @Test func aPieceThatStartsAnewAndComesTwiceTakesNothingAway() throws {
        let first = piece([agent(mates[0], "c")], round: 2, startsAnew: true, isLast: false)
        try fixture.send([piece([agent(mates[0], "a"), agent(mates[1], "b")])])
        try fixture.send([first, piece([agent(mates[1], "d")], round: 2), first])
        #expect(try heads() == (2, ["\(mates[0]) 2 c", "\(mates[1]) 2 d"]))
    }

    @Test func aHeadThatIsMissingStaysMissedWhileOthersAreWritten() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try change("DELETE FROM snapshot_heads WHERE memories = 0")
        try fixture.send([piece([agent(mates[0], "a2", archived: 1, [])], round: 2)])
        #expect(throws: RecordRefusal.self) { try heads() }
    }

    @Test func aHeadThatHasItsOlderRowBackIsMissed() throws {
        try fixture.send([piece([agent(mates[0], "a"), agent(mates[1], "b")])])
        let queue = try DatabaseQueue(path: fixture.path)
        let old = try #require(
            try queue.read {
                try Row.fetchOne($0, sql: "SELECT * FROM snapshot_heads WHERE agent = \(mates[0].number)")
            })
        try queue.close()
        try fixture.send([piece([agent(mates[0], "a2")], round: 2)])
        try fixture.store.close()
        let other = try DatabaseQueue(path: fixture.path)
        try other.write {
            try $0.execute(
                sql: "UPDATE snapshot_heads SET round = ?, \"check\" = ?, head = ? WHERE agent = ?",
                arguments: [old["round"], old["check"], old["head"], old["agent"]])
        }
        try other.close()
        fixture.store = try SQLiteRecordStore(.file(fixture.path), wallClock: { 0 })
        #expect(throws: RecordRefusal.self) { try heads() }
    }

    @Test func aPieceThatHoldsOnlyWhatChangedDoesNotTakeThePlaceOfADamagedSnapshot() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try change("UPDATE snapshots SET round = 9")
        #expect(throws: RecordRefusal.self) { try heads() }
        #expect(try fixture.refusal(piece([agent(mates[1], "b2")], round: 2))?.kind == .conflict)
        #expect(try rows("snapshot_heads") == 2)
        #expect(throws: RecordRefusal.self) { try heads() }
    }

    @Test func aHostThatMissedAnAcknowledgementGoesOnBehindWhatItKnows() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])])])])
        try fixture.send([piece([agent(mates[0], "b", archived: 1, [memory(Self.texts[0])])], round: 2, isLast: false)])
        try fixture.play(3)
        let again = [memory(Self.texts[1]), memory(Self.texts[0])]
        // Another capture of what the host knows to be stored, and what came after.
        try fixture.send([piece([agent(mates[0], "c", archived: 1, again)], round: 3)])
        #expect(try heads() == (3, ["\(mates[0]) 3 c"]))
        #expect(try memories(3).entries.map(\.text) == [Self.texts[0], Self.texts[1], Self.texts[0]])
    }

    @Test func aPlaceWithinWhatWasWrittenAtATimeIsNoneToGoOnFrom() throws {
        let both = [memory(Self.texts[0]), memory(Self.texts[1])]
        try fixture.send([piece([agent(mates[0], "a", both)])])
        #expect(try fixture.refusal(piece([agent(mates[0], "b", archived: 1)], round: 2))?.kind == .invalid)
        #expect(try heads() == (1, ["\(mates[0]) 1 a"]))
    }

    @Test func whatIsWrittenAnewAfterDamageHoldsNothingOfTheOld() throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])]), agent(mates[1], "b")])])
        try change("UPDATE snapshots SET round = 9")
        #expect(throws: RecordRefusal.self) { try heads() }
        try fixture.send([piece([agent(mates[0], "a")], startsAnew: true, isLast: false)])
        #expect(try heads() == (0, ["\(mates[0]) 1 a"]))
        #expect(try rows("snapshot_memories") == 0)
    }

    @Test(arguments: [
        "DELETE FROM snapshot_memories", "UPDATE snapshot_memories SET n = 1",
        "UPDATE snapshot_memories SET entries = x'00'",
        "DELETE FROM segments WHERE text = 'I applied in round 1.'",
    ])
    func damagedMemoriesAreRefusedAndEndNothing(sql: String) throws {
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])])])])
        try change(sql)
        let refusal = #expect(throws: RecordRefusal.self) { try memories(1) }
        #expect(refusal?.kind == .conflict)
        #expect(try heads().round == 1)
        #expect(try RecordingReader(path: fixture.path).verify().violation != nil)
    }

    @Test(arguments: [[0x92, 0x02, 0x01], [0x92, 0x02, 0xcd, 0x01, 0x02]] as [[UInt8]])
    func forgottenMemoriesCountAsMadeOnes(head: [UInt8]) throws {
        // No consolidation made any.
        let change = SnapshotPiece.Agent(agent: mates[0], head: head, archived: 0, entries: [])
        try fixture.send([piece([change])])
        let violation = try #require(try RecordingReader(path: fixture.path).verify().violation)
        #expect(violation.contains("counts 0 memories, its consolidations made 0"))
        #expect(violation.contains("of which \(head.count == 3 ? 1 : 258) are forgotten"))
    }

    @Test func aSnapshotThatCountsOtherMemoriesThanTheJournalIsAViolation() throws {
        try fixture.send([piece([agent(mates[0], "a")])])
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
        try fixture.send([piece([agent(mates[0], "a", [memory(Self.texts[0])])], round: 2)])
        #expect(try RecordingReader(path: fixture.path).verify().violation?.contains("counts 1 memories") == true)
    }
}
