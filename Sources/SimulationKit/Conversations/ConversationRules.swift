import Model

/// How a conversation goes.
public struct ConversationRules: Sendable, Equatable {
    /// Who writes the lines.
    public enum Mode: Sendable, Equatable {
        /// One call of the agent that opens the conversation writes all lines, in the third person. It knows of the
        /// others what is public.
        case script
        /// Every participant speaks for itself, from its own profile and memory.
        case agents
        /// These participants' lines are written by the agent that opens the conversation, one at a time; the others
        /// speak for themselves.
        case hybrid(scripted: Set<AgentID>)
    }

    /// Whose turn it is.
    public enum Order: Sendable, Equatable {
        /// One after the other, in the order of joining.
        case roundRobin
        /// Drawn anew for each line, never the one who has just spoken.
        case random
        /// Whoever the last line mentions first, as in `@Ada`; where it mentions nobody, one after the other.
        case byMention
    }

    /// What a participant hears of what was said before.
    public enum History: Sendable, Equatable {
        /// Lines since it joined.
        case sinceJoining
        /// All lines.
        case all
    }

    /// Who writes the lines.
    public var mode: Mode
    /// Whose turn it is; a script follows its own.
    public var order: Order
    /// What a participant hears of what was said before, and remembers at the end.
    public var history: History
    /// Most lines.
    public var limit: Int
    /// Who says this leaves; nil for nobody.
    public var endWord: String?
    /// Participants who join later, by the number of lines before. A script takes no notice of it: all are there from
    /// its first line.
    public var joining: [AgentID: Int]
    /// Most lines of any conversation.
    public static let mostLines = 1_000

    /// Rules; see the properties.
    public init(
        mode: Mode = .agents, order: Order = .roundRobin, history: History = .sinceJoining, limit: Int = 10,
        endWord: String? = nil, joining: [AgentID: Int] = [:]
    ) {
        self.mode = mode
        self.order = order
        self.history = history
        self.limit = limit
        self.endWord = endWord
        self.joining = joining
    }
}
