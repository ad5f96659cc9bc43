import Model

/// The environment: what is common to all. Everybody may read its fields and contribute to them. A contribution takes
/// effect at the merge; the environment's own turn, if the scenario has one, sees all of them and may compute further
/// fields, and the next round's turns read what has come of it.
extension Turn {
    /// A field of the environment as of the start of the round; nil where nobody has set it. All turns of a round read
    /// the same, passive ones and the environment's own included.
    public func world(_ name: String) -> Value? { tree.world[name] }

    /// A text field of the environment as of the start of the round; empty where it has none.
    public func worldText(_ name: String) -> String { world(name)?.text ?? "" }

    /// Names of the environment's fields that had a value at the start of the round, by their bytes.
    public var worldFields: [String] { tree.world.names }

    /// Contributes to the environment, which takes its turn after the merge.
    public func contribute(_ operation: Model.Operation) throws { try change(operation, of: .environment) }

    /// Appends to a list field of the environment.
    public func note(_ value: Value, to field: String) throws { try contribute(.append(field: field, value: value)) }

    /// Adds to a whole-number field of the environment.
    public func count(_ amount: Int64 = 1, in field: String) throws {
        try contribute(.add(field: field, amount: amount))
    }

    /// Ends the run with this round, however many were planned: nobody takes a turn any more. Only the environment's
    /// own turn can, which sees what the round has come to; a run that is resumed with more rounds goes on all the
    /// same.
    public func endRun() throws {
        guard agent == .environment else {
            throw TurnFailed(
                .init(
                    reason: .scenarioError,
                    text: "only the environment's own turn ends the run: contribute to a field that it looks at"))
        }
        try write(.event(name: Model.Operation.endOfRun, details: .map([:])), to: agent)
    }
}
