import GRDB
import Hashing
import Model
import Recording
import Testing

@Suite struct SegmentTests {
    private func segments(_ fixture: Fixture) throws -> Int {
        let queue = try DatabaseQueue(path: fixture.path)
        defer { try? queue.close() }
        return try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM segments") ?? 0 }
    }

    @Test func aTextIsStoredOnceAlsoAfterARestart() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        try fixture.send([.outcomes([fixture.call(0), fixture.call(0, number: 1)])])
        #expect(try segments(fixture) == 3)
        try fixture.reopen()
        try fixture.send([.outcomes([fixture.call(0, number: 2)])])
        #expect(try segments(fixture) == 3)
    }

    @Test func textsBeyondTheCacheAreFoundByTheirKeys() throws {
        let fixture = try Fixture()
        try fixture.begin()
        try fixture.open(1)
        // More than the keys that wait in memory: these are entered, a few more are not.
        let texts = (0..<66_000).map { "text \($0)" }
        func remember(_ agent: Int) throws {
            let own = fixture.agents[agent].agent
            let operations = texts.map { (own, Model.Operation.remember(text: $0, time: 0)) }
            #expect(try fixture.send([.commit(fixture.commit(agent, operations: operations))]) == [.committed])
            try fixture.send([
                .commit(fixture.commit(agent + 1, operations: [(own, .remember(text: "one more", time: 0))]))
            ])
        }
        try remember(0)
        try fixture.reopen()
        try remember(2)
        #expect(try segments(fixture) == texts.count + 1)
        #expect(try RecordingReader(path: fixture.path).verify().violation == nil)
    }
}
