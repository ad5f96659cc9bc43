import MessagePack

/// One change that a turn asks for. Applied at the merge, in the one order.
public enum Operation: Hashable, Sendable {
    /// Sets a dynamic field.
    case set(field: String, value: Value)
    /// Adds to a whole-number field (absent counts as 0).
    case add(field: String, amount: Int64)
    /// Appends to a list field (absent counts as empty).
    case append(field: String, value: Value)
    /// Claims an amount of a limited resource of the target; granted or refused at the merge.
    case claim(resource: String, amount: Int64)
    /// A short-term memory, with the simulated time in seconds since the start of the run.
    case remember(text: String, time: Int64)
    /// A message for the target's inbox, read next round.
    case message(sender: AgentID, subject: String, body: Value)
    /// Something a researcher counts; changes no state.
    case event(name: String, details: Value)
    /// What consolidation made of the agent's pending entries.
    case consolidate(Consolidation)
    /// The answer to a claim, delivered to the claimant's inbox by the merge itself.
    case claimResult(owner: AgentID, resource: String, granted: Bool)
    /// Relates the target to another agent, or ends its relation to it; the other side stays as it is.
    case relate(relation: String, other: AgentID, isRelated: Bool)
}

/// Pending entries rated and reflected upon; see the memory model.
public struct Consolidation: Hashable, Sendable {
    /// Importance 1 to 10 of each pending entry taken, from the oldest on.
    public var importances: [UInt8]
    /// Insights that reflection added, in order.
    public var insights: [Insight]
    /// Sum of importances since the last reflection, in hundredths of the importance's weight-free unit (1 = 0.01).
    public var accumulator: Int64

    /// A result with these parts.
    public init(importances: [UInt8], insights: [Insight], accumulator: Int64) {
        self.importances = importances
        self.insights = insights
        self.accumulator = accumulator
    }

    /// A long-term entry made by reflection.
    public struct Insight: Hashable, Sendable {
        /// What was understood.
        public var text: String
        /// Importance 1 to 10.
        public var importance: UInt8

        /// An insight with its rating.
        public init(text: String, importance: UInt8) {
            self.text = text
            self.importance = importance
        }
    }
}

/// An operation, whom it changes, and where in its turn it stands.
public struct TargetedOperation: Hashable, Sendable {
    /// The operation's number in its turn, from the same counter as the calls.
    public var number: UInt32
    /// The agent that it changes.
    public var target: AgentID
    /// What changes.
    public var operation: Operation

    /// Operation `number` of a turn, on `target`.
    public init(number: UInt32, target: AgentID, operation: Operation) {
        self.number = number
        self.target = target
        self.operation = operation
    }
}

extension Operation {
    /// Bytes that the operation takes in a tree, about; never less than its texts.
    public var estimatedBytes: Int {
        switch self {
        case .set(let field, let value), .append(let field, let value): 16 + field.utf8.count + value.estimatedBytes
        case .add(let field, _), .claim(let field, _): 24 + field.utf8.count
        case .remember(let text, _): 24 + text.utf8.count
        case .message(_, let subject, let body): 24 + subject.utf8.count + body.estimatedBytes
        case .event(let name, let details): 16 + name.utf8.count + details.estimatedBytes
        case .consolidate(let result):
            32 + result.importances.count + result.insights.reduce(0) { $0 + 8 + $1.text.utf8.count }
        case .claimResult(_, let resource, _): 24 + resource.utf8.count
        case .relate(let relation, _, _): 24 + relation.utf8.count
        }
    }
}

extension Operation: Packable {
    public func pack(into packer: inout Packer) {
        func head(_ code: UInt64, _ parts: Int) {
            packer.packArray(count: parts + 1)
            packer.pack(code)
        }
        switch self {
        case .set(let field, let value):
            head(0, 2)
            packer.pack(field)
            value.pack(into: &packer)
        case .add(let field, let amount):
            head(1, 2)
            packer.pack(field)
            packer.pack(amount)
        case .append(let field, let value):
            head(2, 2)
            packer.pack(field)
            value.pack(into: &packer)
        case .claim(let resource, let amount):
            head(3, 2)
            packer.pack(resource)
            packer.pack(amount)
        case .remember(let text, let time):
            head(4, 2)
            packer.pack(text)
            packer.pack(time)
        case .message(let sender, let subject, let body):
            head(5, 3)
            sender.pack(into: &packer)
            packer.pack(subject)
            body.pack(into: &packer)
        case .event(let name, let details):
            head(6, 2)
            packer.pack(name)
            details.pack(into: &packer)
        case .consolidate(let result):
            head(7, 1)
            result.pack(into: &packer)
        case .claimResult(let owner, let resource, let granted):
            head(8, 3)
            owner.pack(into: &packer)
            packer.pack(resource)
            packer.pack(granted)
        case .relate(let relation, let other, let isRelated):
            head(9, 3)
            packer.pack(relation)
            other.pack(into: &packer)
            packer.pack(isRelated)
        }
    }

    public init(from unpacker: inout Unpacker) throws {
        let count = try unpacker.readArrayHeader()
        guard count > 0 else { throw DecodingFailure.missing("operation code") }
        let code = try unpacker.readUInt()
        let parts: [UInt64: Int] = [0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 3, 6: 2, 7: 1, 8: 3, 9: 3]
        guard let expected = parts[code] else { throw DecodingFailure.range("operation code") }
        guard count == expected + 1 else {
            throw DecodingFailure.count(of: "operation", found: count, expected: expected + 1)
        }
        switch code {
        case 0: self = .set(field: try unpacker.readString(), value: try Value(from: &unpacker))
        case 1: self = .add(field: try unpacker.readString(), amount: try unpacker.readInt())
        case 2: self = .append(field: try unpacker.readString(), value: try Value(from: &unpacker))
        case 3: self = .claim(resource: try unpacker.readString(), amount: try unpacker.readInt())
        case 4: self = .remember(text: try unpacker.readString(), time: try unpacker.readInt())
        case 5:
            self = .message(
                sender: try AgentID(from: &unpacker), subject: try unpacker.readString(),
                body: try Value(from: &unpacker))
        case 6: self = .event(name: try unpacker.readString(), details: try Value(from: &unpacker))
        case 7: self = .consolidate(try Consolidation(from: &unpacker))
        case 8:
            self = .claimResult(
                owner: try AgentID(from: &unpacker), resource: try unpacker.readString(),
                granted: try unpacker.readBool())
        default:
            self = .relate(
                relation: try unpacker.readString(), other: try AgentID(from: &unpacker),
                isRelated: try unpacker.readBool())
        }
    }
}

extension Consolidation: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.packBinary(importances)
        packer.pack(insights)
        packer.pack(accumulator)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("consolidation", count: 3)
        self.init(
            importances: try unpacker.readBinary(), insights: try unpacker.readList(),
            accumulator: try unpacker.readInt())
    }
}

extension Consolidation.Insight: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(text)
        packer.pack(UInt64(importance))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("insight", count: 2)
        let text = try unpacker.readString()
        guard let importance = UInt8(exactly: try unpacker.readUInt()) else {
            throw DecodingFailure.range("importance")
        }
        self.init(text: text, importance: importance)
    }
}

extension TargetedOperation: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(number))
        target.pack(into: &packer)
        operation.pack(into: &packer)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("targeted operation", count: 3)
        self.init(
            number: try unpacker.readUInt32(), target: try AgentID(from: &unpacker),
            operation: try Operation(from: &unpacker))
    }
}

extension Operation {
    /// Name of the event by which the environment's turn ends the run with its round.
    public static let endOfRun = "end of the run"
}

extension Tree {
    /// Whether it ends the run with its round: a turn of the environment that did not fail says so.
    public var endsRun: Bool {
        kind == .environment && root.failure == nil
            && root.operations.contains {
                if case .event(Operation.endOfRun, _) = $0.operation { true } else { false }
            }
    }
}
