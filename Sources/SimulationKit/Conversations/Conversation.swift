import Model

/// What was said.
public struct Conversation: Sendable, Equatable {
    /// A line.
    public struct Line: Sendable, Equatable {
        /// Who spoke.
        public var speaker: AgentID
        /// The speaker's name.
        public var name: String
        /// What was said.
        public var text: String

        /// A line.
        public init(speaker: AgentID, name: String, text: String) {
            self.speaker = speaker
            self.name = name
            self.text = text
        }

        var value: Value {
            .map(["speaker": .text(name), "text": .text(text), "agent": .int(Int64(speaker.number))])
        }

        init?(_ value: Value) {
            guard let name = value["speaker"]?.text, let text = value["text"]?.text,
                let number = value["agent"]?.int.flatMap({ UInt32(exactly: $0) })
            else { return nil }
            self.init(speaker: AgentID(number: number), name: name, text: text)
        }
    }

    /// Why it ended.
    public enum Ending: Sendable, Equatable {
        /// It reached its limit of lines.
        case limit
        /// Fewer than two participants were left.
        case left
        /// Its script ended.
        case script
    }

    /// The lines, in order.
    public var lines: [Line]
    /// Why it ended.
    public var ending: Ending
    /// Who took part, with the number of lines before each joined.
    public var joined: [AgentID: Int]

    /// The lines as templates hold them: a list with `speaker` and `text`.
    public var value: Value { .list(lines.map(\.value)) }

    /// What a participant heard.
    func heard(by agent: AgentID, _ history: ConversationRules.History) -> [Line] {
        switch history {
        case .all: lines
        case .sinceJoining: Array(lines.dropFirst(joined[agent] ?? 0))
        }
    }
}
