import Model
import Recording
import Support

/// Commits that name outcomes which are not durable yet: the outcomes travel on their own and may come a moment
/// later. A commit waits for them for a bounded time.
struct ParkedCommits {
    /// A commit in waiting.
    struct Entry {
        var commit: TreeCommit
        var missing: [OutcomeName]
        var deadline: Instant
        var reply: @Sendable (Result<RecordReply, StoreProblem>) -> Void
    }

    private var entries: [TurnID: [Entry]] = [:]

    /// Whether none waits, as nearly always.
    var isEmpty: Bool { entries.isEmpty }

    /// When the first of them has waited long enough.
    var firstDeadline: Instant? { entries.values.joined().map(\.deadline).min() }

    /// Lets a commit wait.
    mutating func park(_ entry: Entry) { entries[entry.commit.root, default: []].append(entry) }

    /// Takes out the commits of a root, for which outcomes have come.
    mutating func take(_ root: TurnID) -> [Entry] { entries.removeValue(forKey: root) ?? [] }

    /// Takes out those that have waited too long.
    mutating func takeOverdue(at now: Instant) -> [Entry] {
        var overdue: [Entry] = []
        for (root, waiting) in entries.sorted(by: { $0.key < $1.key }) {
            let remaining = waiting.filter { $0.deadline > now }
            if remaining.count == waiting.count { continue }
            overdue += waiting.filter { $0.deadline <= now }
            entries[root] = remaining.isEmpty ? nil : remaining
        }
        return overdue
    }

    /// Takes out all.
    mutating func takeAll() -> [Entry] {
        defer { entries = [:] }
        return entries.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
