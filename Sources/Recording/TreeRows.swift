import GRDB
import Model

/// The rows that a researcher reads, derived from a committed tree in the transaction of its commit.
final class TreeRows {
    private let messages: RowWriter
    private let events: RowWriter
    private let memories: RowWriter
    private let consolidations: RowWriter
    private let failures: RowWriter
    private let segments: SegmentTable

    init(_ ledger: BatchLedger, _ segments: SegmentTable) {
        messages = ledger[.messages]
        events = ledger[.events]
        memories = ledger[.memories]
        consolidations = ledger[.consolidations]
        failures = ledger[.failures]
        self.segments = segments
    }

    /// Writes the rows of a turn, which stands in `turns` under `row`.
    func write(_ turn: TurnRecord, round: UInt32, row: Int64) throws {
        if let failure = turn.failure {
            failures.begin()
            failures.add(round)
            failures.add(row)
            failures.add(turn.agent.number)
            failures.add("\(failure.reason)")
            failures.add(failure.text)
            try failures.insert()
        }
        for operation in turn.operations {
            try write(operation, of: turn.agent, round: round, turn: row)
        }
    }

    private func write(_ targeted: TargetedOperation, of agent: AgentID, round: UInt32, turn: Int64) throws {
        func head(_ writer: RowWriter) {
            writer.begin()
            writer.add(round)
            writer.add(turn)
            writer.add(targeted.number)
        }
        switch targeted.operation {
        case .message(let sender, let subject, let body):
            head(messages)
            messages.add(sender.number)
            messages.add(targeted.target.number)
            messages.add(subject)
            messages.add(JSONText.of(body))
            try messages.insert()
        case .event(let name, let details):
            head(events)
            events.add(agent.number)
            events.add(targeted.target.number)
            events.add(name)
            events.add(JSONText.of(details))
            try events.insert()
        case .remember(let text, let time):
            let segment = try segments.id(of: text)
            head(memories)
            memories.add(targeted.target.number)
            memories.add("entry")
            memories.add(time)
            memories.addNull()
            memories.add(segment)
            try memories.insert()
        case .consolidate(let result):
            head(consolidations)
            consolidations.add(targeted.target.number)
            consolidations.add(JSONText.of(numbers: result.importances.map { Int64($0) }))
            consolidations.add(result.accumulator)
            try consolidations.insert()
            for insight in result.insights {
                let segment = try segments.id(of: insight.text)
                head(memories)
                memories.add(targeted.target.number)
                memories.add("insight")
                memories.addNull()
                memories.add(Int64(insight.importance))
                memories.add(segment)
                try memories.insert()
            }
        case .set, .add, .append, .claim, .claimResult, .relate:
            return
        }
    }
}
