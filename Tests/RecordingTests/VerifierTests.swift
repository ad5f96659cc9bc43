import GRDB
import Glibc
import Hashing
import Model
import Recording
import Testing

@Suite struct VerifierTests {
    /// A recording of two rounds, closed, with a rejected attempt, an embedding and a void call.
    private func recorded() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.send([.storeFile(name: "a", bytes: [1, 2])])
        try fixture.play(1)
        try fixture.open(2)
        let embedded = fixture.embedding(0, round: 2, texts: ["remembered"])
        let attempt = RejectedAttempt(attempt: 0, reason: "no option", answer: "hm")
        let used = fixture.call(0, round: 2, rejected: [attempt])
        let unused = fixture.embedding(0, round: 2, number: 6, texts: ["unused"])
        try fixture.send([
            .outcomes([embedded, unused, used, fixture.call(0, round: 2, number: 9)]),
            .commit(fixture.commit(0, round: 2, using: [embedded, used])),
            .outcomes([fixture.embedding(1, round: 2, texts: ["in flight"])]),
        ])
        try fixture.store.close()
        return fixture
    }

    private func violation(_ fixture: Fixture, after statement: String) throws -> String? {
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.write { try $0.execute(sql: statement) }
        try queue.close()
        return try RecordingReader(path: fixture.path).verify().violation
    }

    @Test func anUntouchedRecordingHolds() throws {
        let fixture = try recorded()
        let report = try RecordingReader(path: fixture.path).verify()
        #expect(report.violation == nil)
        #expect(report.rounds == 1)
        #expect(report.trees == 7)
        #expect(report.calls == 7)
        #expect(report.void == 1)
        #expect(report.inFlight == 0)
    }

    @Test(arguments: [
        "UPDATE calls SET answer = 'no' WHERE id = 1",
        "UPDATE calls SET prompt = '[-1,1]' WHERE id = 2",
        "UPDATE segments SET text = 'x' WHERE id = 1",
        "UPDATE events SET details = '{}' WHERE id = 3",
        "UPDATE messages SET body = 'null' WHERE id = 1",
        "UPDATE vectors SET vector = x'00'",
        "UPDATE agents SET profile = '{}' WHERE agent = 0",
        "DELETE FROM calls WHERE id = 3",
        "DELETE FROM void_calls",
        "DELETE FROM attempts",
        "DELETE FROM memories WHERE id = 6",
        "DELETE FROM batches WHERE number = 5",
        "DELETE FROM batches WHERE number = (SELECT max(number) FROM batches)",
        "INSERT INTO failures VALUES (1, 1, 1, 1, 'limit', 'invented')",
        "UPDATE batches SET rows = 'x' WHERE number = 2",
        "UPDATE batches SET length = 1 WHERE number = 2",
        "UPDATE trees SET bytes = (SELECT bytes FROM trees WHERE id = 2) WHERE id = 1",
        "UPDATE rounds SET digest = zeroblob(32) WHERE round = 1",
        "UPDATE rounds SET round = 3 WHERE round = 2",
        "UPDATE rounds SET state = 'open' WHERE round = 1",
        "UPDATE plans SET roots = roots + 1 WHERE round = 1",
        "UPDATE rounds SET roots = roots + 1 WHERE round = 1",
        "UPDATE rounds SET failed = 5 WHERE round = 1",
        "UPDATE rounds SET contributions = 5 WHERE round = 1",
        "UPDATE rounds SET contributions = 5 WHERE round = 2",
        "UPDATE rounds SET state = 'open', digest = NULL WHERE round = 1; DELETE FROM rounds WHERE round = 2",
        "UPDATE rounds SET time = 1 WHERE round = 2",
        "UPDATE rounds SET opened_at = 1 WHERE round = 2",
        "DELETE FROM rounds",
        "UPDATE runs SET epoch = 0",
        "UPDATE runs SET owner = 9",
        "UPDATE runs SET rounds = 9",
        "UPDATE runs SET ending = 'finished', reason = ''",
        "UPDATE runs SET created_at = 9",
        "UPDATE partitions SET epoch = epoch + 1 WHERE partition = 1",
        "UPDATE partitions SET host = 9 WHERE partition = 1",
        "DELETE FROM partitions WHERE partition = 2",
        "UPDATE plans SET roots = roots + 1 WHERE round = 2",
        "UPDATE batches SET at = 9 WHERE number = 2",
        "UPDATE batches SET round = 9 WHERE number = 2",
        "UPDATE batches SET hash = zeroblob(32) WHERE number = (SELECT max(number) FROM batches)",
        "UPDATE steps SET holder = 9 WHERE id = 2",
        "UPDATE embedding_calls SET void = 1 - void WHERE id = 1",
        "UPDATE embedding_calls SET void = 1 - void WHERE id = 2",
        "UPDATE embedding_calls SET void = 1 - void WHERE id = 3",
        "UPDATE trees SET embeddings = '[]'",
        "UPDATE calls SET result = zeroblob(16) WHERE id = 1",
        "UPDATE turns SET status_code = 3 WHERE status_code = 0",
        "UPDATE turns SET status_code = 0 WHERE id = 1",
        "UPDATE turns SET agent = agent + 1 WHERE id = 1",
        "UPDATE turns SET status_code = 2 WHERE id = 1",
        "UPDATE turns SET n = 7 WHERE id = 1",
        "UPDATE files SET bytes = bytes || x'20' WHERE id = 1",
        "UPDATE runs SET seed = '99'",
        "UPDATE runs SET configuration = 'other'",
        "INSERT INTO resources VALUES (1, 'vacancies', 99)",
        "DELETE FROM plans WHERE round = 1 AND partition = 0",
        """
        INSERT INTO void_calls (id, round, agent, turn, n, kind_code, settings, model, attempts, prompt_tokens,
            completion_tokens, request, prompt, answer, rejection, result, reason) SELECT id, round, agent, turn, n,
            kind_code, settings, model, attempts, prompt_tokens, completion_tokens, request, prompt, answer,
            rejection, result, 'moved' FROM calls WHERE id = 1; DELETE FROM calls WHERE id = 1
        """,
    ])
    func everyChangeIsFound(_ statement: String) throws {
        let fixture = try recorded()
        #expect(try violation(fixture, after: statement) != nil)
    }

    @Test func aMissingMarkIsToldAndOneThatKnowsMoreIsAViolation() throws {
        let fixture = try recorded()
        #expect(try RecordingReader(path: fixture.path).verify().hasMark)
        // The last batch with all its rows taken away, and the rest put right: the file alone holds together.
        let last = """
            DELETE FROM calls WHERE round = 2; DELETE FROM void_calls; DELETE FROM attempts;
            DELETE FROM embedding_calls; DELETE FROM turns WHERE round = 2; DELETE FROM trees WHERE round = 2;
            DELETE FROM vectors; DELETE FROM segments WHERE text IN ('remembered', 'unused', 'in flight');
            DELETE FROM batches WHERE number = (SELECT max(number) FROM batches)
            """
        let text = try #require(try violation(fixture, after: last))
        #expect(text.contains("of round 2 was acknowledged and is not in the journal"), "\(text)")
        #expect(unlink(fixture.folder + "/recording.acknowledged") == 0)
        let report = try RecordingReader(path: fixture.path).verify()
        #expect(report.violation == nil)
        #expect(!report.hasMark)
    }

    @Test func aTruncatedFileIsFoundAndDoesNotTrap() throws {
        let fixture = try recorded()
        #expect(truncate(fixture.path, 60_000) == 0)
        do {
            #expect(try RecordingReader(path: fixture.path).verify().violation != nil)
        } catch {
            #expect("\(error)".contains("recording"))
        }
    }
}
