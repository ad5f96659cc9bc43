import Hashing
import Model

/// Who speaks next, who joins and who has left: the course of a conversation without its words.
struct ConversationCourse {
    private let rules: ConversationRules
    private let names: [AgentID: String]
    /// Those who are there, in the order of joining.
    private(set) var present: [AgentID] = []
    private var waiting: [AgentID]
    private(set) var lines: [Conversation.Line] = []
    /// Number of lines before each joined.
    private(set) var joined: [AgentID: Int] = [:]
    /// Who spoke or left last.
    private var last: AgentID?
    /// Where that was among those present, if it has left.
    private var leftPlace = 0

    /// A conversation between agents with distinct names, in the order in which those who join at once do.
    init(_ participants: [AgentID], names: [AgentID: String], rules: ConversationRules) {
        self.rules = rules
        self.names = names
        waiting = participants
        admit()
    }

    /// Those who come next.
    private mutating func admit() {
        let next = waiting.filter { rules.joining[$0] ?? 0 <= lines.count }
        for agent in next { joined[agent] = lines.count }
        present += next
        waiting.removeAll { next.contains($0) }
    }

    /// Why there is no next line, nil where there is one.
    var ending: Conversation.Ending? {
        if lines.count >= rules.limit { return .limit }
        return present.count < 2 && waiting.isEmpty || present.isEmpty ? .left : nil
    }

    /// Who speaks next. There must be somebody.
    func speaker(_ generator: inout SeededGenerator) -> AgentID {
        precondition(!present.isEmpty, "somebody has to speak")
        switch rules.order {
        case .roundRobin: return following
        case .random:
            let others = present.filter { $0 != last }
            return others.isEmpty ? present[0] : others[generator.below(others.count)]
        case .byMention: return lines.last.flatMap { mentioned(in: $0.text) } ?? following
        }
    }

    /// Who comes after the last speaker; after one who has left, the one behind its place.
    private var following: AgentID {
        guard let last else { return present[0] }
        guard let place = present.firstIndex(of: last) else { return present[leftPlace % present.count] }
        return present[(place + 1) % present.count]
    }

    /// The participant whose mention comes first; of two names at one place the longer. Nobody mentions itself.
    private func mentioned(in text: String) -> AgentID? {
        var best: (place: String.Index, length: Int, agent: AgentID)?
        for agent in present where agent != last {
            guard let name = names[agent], let found = text.firstRange(of: "@" + name) else { continue }
            let length = name.utf8.count
            if let known = best, (known.place, -known.length) <= (found.lowerBound, -length) { continue }
            best = (found.lowerBound, length, agent)
        }
        return best?.agent
    }

    /// A participant has spoken. Returns false where it has left by that.
    @discardableResult mutating func say(_ text: String, by speaker: AgentID) -> Bool {
        lines.append(Conversation.Line(speaker: speaker, name: names[speaker] ?? "", text: text))
        last = speaker
        let leaves = rules.endWord.map { !$0.isEmpty && text.contains($0) } ?? false
        if leaves { leave(speaker) }
        admit()
        return !leaves
    }

    /// A participant leaves without a word.
    mutating func leave(_ agent: AgentID) {
        guard let place = present.firstIndex(of: agent) else { return }
        present.remove(at: place)
        last = agent
        leftPlace = place
    }

    /// Lets those join who would have to wait for lines that nobody is there to say.
    mutating func hasten() {
        guard present.count < 2, let first = waiting.map({ rules.joining[$0] ?? 0 }).min() else { return }
        let next = waiting.filter { rules.joining[$0] ?? 0 == first }
        for agent in next { joined[agent] = lines.count }
        present += next
        waiting.removeAll { next.contains($0) }
    }

    /// The conversation as far as it has come.
    func conversation(_ ending: Conversation.Ending) -> Conversation {
        Conversation(lines: lines, ending: ending, joined: joined)
    }
}
