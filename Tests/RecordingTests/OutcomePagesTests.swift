import Hashing
import Model
import Recording
import Testing

@Suite struct OutcomePagesTests {
    /// A run whose first round is open.
    private func begun() throws -> Fixture {
        let fixture = try Fixture(agents: 8)
        try fixture.begin()
        try fixture.open(1)
        return fixture
    }

    /// Outcomes of a megabyte each.
    private func large(_ fixture: Fixture, _ agent: Int, _ numbers: Range<UInt32>) -> [OutcomeRecord] {
        numbers.map {
            fixture.call(agent, number: $0, prompt: ["\(agent) \($0)" + String(repeating: "p", count: 1 << 20)])
        }
    }

    @Test func aPartitionComesInPagesOfBoundedSizeWithoutGapOrDouble() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        let mates = fixture.agents.indices.filter { fixture.agents[$0].partition == partition }
        try #require(mates.count > 1)
        var sent: Set<OutcomeRecord> = []
        for agent in mates {
            let records =
                large(fixture, agent, 0..<6) + [fixture.embedding(agent, number: 9, texts: ["text of \(agent)"])]
            try fixture.send([.outcomes(records)])
            sent.formUnion(records)
        }
        var found: [OutcomeRecord] = []
        var cursor: UInt64 = 0
        var pages = 0
        repeat {
            let page = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: cursor)
            #expect(page.outcomes.filter(\.isChat).count <= 5)
            found += page.outcomes
            cursor = page.next
            pages += 1
            // What arrives meanwhile stands behind everything that was there.
            if pages == 1 {
                let late = fixture.call(mates[0], number: 20)
                try fixture.send([.outcomes([late])])
                sent.insert(late)
            }
        } while cursor != 0
        #expect(pages > mates.count)
        #expect(found.count == Set(found).count)
        // The late one may or may not be among them: it came after the question.
        #expect(sent.subtracting(found).count <= 1)
        #expect(Set(found).isSubset(of: sent))
    }

    @Test func aCursorServesAgainWhenAReplyWasLost() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        let records = large(fixture, 0, 0..<12)
        try fixture.send([.outcomes(records)])
        var cursor: UInt64 = 0
        var found: [OutcomeRecord] = []
        repeat {
            let page = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: cursor)
            let again = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: cursor)
            #expect(page == again)
            found += page.outcomes
            cursor = page.next
        } while cursor != 0
        #expect(found == records)
    }

    @Test func whoBeginsAgainGetsWhatArrivedSinceSomebodyElseGaveUp() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        let records = large(fixture, 0, 0..<7)
        try fixture.send([.outcomes(records)])
        let abandoned = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: 0)
        try #require(abandoned.next != 0)
        let later = fixture.call(0, number: 20)
        try fixture.send([.outcomes([later])])
        #expect(try fixture.recorded(partition).outcomes == records + [later])
    }

    @Test func oneRootComesAloneAndInPages() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        let other = try #require(fixture.agents.indices.dropFirst().first { fixture.agents[$0].partition == partition })
        let records = large(fixture, 0, 0..<7)
        try fixture.send([.outcomes(records + [fixture.call(other)])])
        #expect(try fixture.recorded(partition, root: fixture.root(0)).outcomes == records)
        let first = try fixture.store.outcomes(
            partition, epoch: 1, round: 1, root: fixture.root(0), cursor: 0)
        #expect(first.outcomes.count < records.count && first.next != 0)
    }

    @Test func consolidationsThatFillAPageAreFollowedByEveryOutcome() throws {
        let fixture = try begun()
        let partition = fixture.agents[0].partition
        let text = String(repeating: "t", count: 5 << 20)
        let embedded = fixture.embedding(0, number: 3, texts: [text], kind: .consolidate)
        let result = Consolidation(importances: [], insights: [.init(text: "short", importance: 6)], accumulator: 0)
        let consolidation = fixture.commit(
            0, using: [embedded], operations: [(fixture.agents[0].agent, .consolidate(result))], kind: .consolidate)
        let waiting = fixture.call(0)
        try fixture.send([.outcomes([embedded, waiting]), .commit(consolidation)])
        let first = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: 0)
        #expect(first.consolidations == [consolidation.tree])
        #expect(first.outcomes == [embedded])
        let second = try fixture.store.outcomes(partition, epoch: 1, round: 1, root: nil, cursor: first.next)
        #expect(second.consolidations.isEmpty && second.outcomes == [waiting] && second.next == 0)
    }

    @Test func aCursorThatNoPageGaveOutIsRefused() throws {
        let fixture = try begun()
        #expect(throws: RecordRefusal.self) {
            try fixture.store.outcomes(0, epoch: 1, round: 1, root: nil, cursor: .max)
        }
        #expect(throws: RecordRefusal.self) {
            try fixture.store.outcomes(0, epoch: 2, round: 1, root: nil, cursor: 0)
        }
    }
}
