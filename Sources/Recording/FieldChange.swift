import Model

/// What a dynamic field of an agent came to in a round.
public struct FieldChange: Hashable, Sendable {
    /// The round at whose end the field has this value.
    public var round: UInt32
    /// Textual id of the agent, `environment` for the environment.
    public var agent: String
    /// The field's name.
    public var field: String
    /// Its value from then on.
    public var value: Value

    /// A change with these parts.
    public init(round: UInt32, agent: String, field: String, value: Value) {
        self.round = round
        self.agent = agent
        self.field = field
        self.value = value
    }
}

extension Exporter {
    /// Name of the table that no query gives: the history of dynamic fields follows from the trees by the rules of the
    /// run's own program.
    public static let changesTable = "changes"

    /// Writes `changes.csv` or `changes.jsonl` into `folder`, which is made when it is missing, with the changes that
    /// `source` gives one by one. Gives their number.
    public func exportChanges(
        as format: ExportFormat, to folder: String, from source: ((FieldChange) throws -> Void) throws -> Void
    ) throws -> Int {
        try Exporter.make(folder)
        var file = try ExportFile(path: "\(folder)/\(Exporter.changesTable).\(format.rawValue)")
        let columns = ["round", "agent", "field", "value"]
        if let header = format.header(columns) { try file.write(header) }
        var count = 0
        try source { change in
            let values: [ExportValue] = [
                .integer(Int64(change.round)), .text(change.agent), .text(change.field),
                .text(JSONText.of(change.value)),
            ]
            try file.write(format.line(columns, values))
            count += 1
        }
        try file.finish()
        return count
    }
}
