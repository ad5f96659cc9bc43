import GRDB
import Hashing
import Model

/// Reads committed trees of a round in the order of the merge, and single ones by key.
final class TreeReader {
    /// A tree as stored.
    struct Stored {
        var id: Int64
        /// Row of its root in `turns`.
        var root: Int64
        var digest: Digest256
        var tree: Tree
    }

    private let inOrder: SQLStatement
    private let environment: SQLStatement
    private let byID: SQLStatement
    private let digestsInOrder: SQLStatement
    private let contents: ContentReader

    init(_ database: Database, _ contents: ContentReader) throws {
        self.contents = contents
        let columns = "SELECT id, root, digest, bytes FROM trees"
        let kind = RootKind.environment.rawValue
        inOrder = try SQLStatement(
            database, "\(columns) WHERE round = ? AND kind_code <> \(kind) ORDER BY merge_order")
        environment = try SQLStatement(database, "\(columns) WHERE round = ? AND kind_code = \(kind)")
        byID = try SQLStatement(database, "\(columns) WHERE id = ?")
        digestsInOrder = try SQLStatement(
            database, "SELECT digest FROM trees WHERE round = ? AND kind_code <> \(kind) ORDER BY merge_order")
    }

    /// Gives `body` every tree of a round but the environment's, in the order of the merge.
    func forEach(round: UInt32, _ body: (Stored) throws -> Void) throws {
        inOrder.bind(1, Int64(round))
        defer { inOrder.reset() }
        while try inOrder.step() { try body(stored(inOrder)) }
    }

    /// The environment's tree of a round, if it took a turn.
    func environmentTree(round: UInt32) throws -> Stored? {
        environment.bind(1, Int64(round))
        return try environment.first { try stored($0) }
    }

    /// The tree under a key.
    func tree(_ id: Int64) throws -> Stored {
        byID.bind(1, id)
        guard let found = try byID.first({ try stored($0) }) else {
            throw StorageFailure("tree \(id) is missing", advice: "the recording is damaged: verify it")
        }
        return found
    }

    /// Digests of a round's trees but the environment's, in the order of the merge.
    func digests(round: UInt32) throws -> [Digest256] {
        digestsInOrder.bind(1, Int64(round))
        var digests: [Digest256] = []
        while try digestsInOrder.step() {
            guard let digest = Digest256(bytes: digestsInOrder.blob(0)) else {
                throw StorageFailure(
                    "a tree of round \(round) has no digest", advice: "the recording is damaged: verify it")
            }
            digests.append(digest)
        }
        return digests
    }

    /// A tree's canonical bytes.
    func bytes(_ id: Int64) throws -> [UInt8] {
        byID.bind(1, id)
        return try byID.first { try canonical($0) } ?? []
    }

    private func canonical(_ row: SQLStatement) throws -> [UInt8] {
        try TreeStorage.canonical(row.blob(3), text: contents.text) ?? []
    }

    private func stored(_ row: SQLStatement) throws -> Stored {
        guard let digest = Digest256(bytes: row.blob(2)), let tree = try? Tree(packed: try canonical(row)) else {
            throw StorageFailure(
                "tree \(row.int(0)) cannot be read", advice: "the recording is damaged: verify it")
        }
        return Stored(id: row.int(0), root: row.int(1), digest: digest, tree: tree)
    }
}
