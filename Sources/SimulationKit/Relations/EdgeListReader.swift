import Model
import Support

/// Reads pairs of agents from a CSV file: a line with the names of the columns, then two ids a line. Columns after the
/// first two are not looked at.
public struct EdgeListReader: Sendable {
    let file: String

    /// A reader; `file` is the name that errors use.
    public init(file: String) { self.file = file }

    /// The pairs in `bytes`. Throws where a line does not name two agents of `population`.
    public func edges(in bytes: [UInt8], population: Population) throws(UserError) -> [RelationEdge] {
        let table = try TableReader(file: file).table(in: bytes)
        guard table.header.count >= 2 else {
            throw UserError(
                "the file has fewer than two columns", at: file,
                advice: "write a first line such as source,target, then two ids a line", exitCode: .dataError)
        }
        var edges: [RelationEdge] = []
        edges.reserveCapacity(table.rows.count)
        for (index, row) in table.rows.enumerated() {
            edges.append(
                RelationEdge(
                    try agent(row[0], index + 1, population).number, try agent(row[1], index + 1, population).number))
        }
        return edges
    }

    private func agent(_ id: String, _ record: Int, _ population: Population) throws(UserError) -> AgentID {
        guard let agent = population.agent(withID: id) else {
            throw UserError(
                "there is no agent \(id.prefix(100))", at: "\(file), record \(record)",
                advice: "ids are those of the populations' records; the copies of a record end in ~2, ~3 and so on",
                exitCode: .dataError)
        }
        return agent
    }
}
