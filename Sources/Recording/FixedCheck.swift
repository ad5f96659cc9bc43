import ClusterLogic
import GRDB
import Hashing
import Model

/// Checks what stands beside the chain of batches against what the chain covers: contents of files by their hashes,
/// the run's columns by its definition, what is left of resources by the claims and changes of all rounds.
struct FixedCheck {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// Every file has the content that its hash names.
    func checkFiles() throws {
        let rows = try SQLStatement(database, "SELECT name, hash, bytes FROM files ORDER BY id")
        while try rows.step() {
            guard Digest256(bytes: rows.blob(1)) == blobHash(rows.blob(2)) else {
                throw Verifier.Violation(text: "the file \(rows.text(0)) does not have its hash")
            }
        }
    }

    /// The run's columns say what its definition says.
    func checkRun() throws {
        let columns = "seed, program_version, model, embedding_model, configuration"
        let row = try SQLStatement(
            database, "SELECT definition, name, partitions, embedding_dimension, \(columns) FROM runs")
        let fits = try row.first { row -> Bool in
            guard let definition = try? RunDefinition(packed: row.blob(0)) else { return false }
            return definition.run == row.text(1) && Int64(definition.partitions) == row.int(2)
                && Int64(definition.embeddingDimension) == row.int(3) && String(definition.seed) == row.text(4)
                && definition.programVersion == row.text(5) && definition.model == row.text(6)
                && definition.embeddingModel == row.text(7) && definition.configuration == row.text(8)
        }
        guard fits == true else { throw Verifier.Violation(text: "the run's row is not what its definition says") }
    }

    /// `resources` holds what the closed rounds left, and nothing else.
    func checkResources(_ capacities: MergeCapacities) throws {
        var left: [ResourceKey: Int64] = [:]
        for (key, remaining) in capacities.changes { left[key] = remaining }
        let rows = try SQLStatement(database, "SELECT agent, resource, remaining FROM resources")
        while try rows.step() {
            let key = ResourceKey(owner: AgentID(number: UInt32(clamping: rows.int(0))), name: rows.text(1))
            guard left.removeValue(forKey: key) == rows.int(2) else {
                throw Verifier.Violation(
                    text: "what is left of \(key.name) of agent \(key.owner) does not follow from the rounds")
            }
        }
        guard left.isEmpty else {
            throw Verifier.Violation(text: "resources lacks \(left.count) rows that follow from the rounds")
        }
    }
}
