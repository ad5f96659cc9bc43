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
            throw StorageFailure.damaged("tree \(id) is missing")
        }
        return found
    }

    /// Digests of a round's trees but the environment's, in the order of the merge.
    func digests(round: UInt32) throws -> [Digest256] {
        digestsInOrder.bind(1, Int64(round))
        var digests: [Digest256] = []
        while try digestsInOrder.step() {
            guard let digest = Digest256(bytes: digestsInOrder.blob(0)) else {
                throw StorageFailure.damaged("a tree of round \(round) has no digest")
            }
            digests.append(digest)
        }
        return digests
    }

    /// A tree's canonical bytes.
    func bytes(_ id: Int64) throws -> [UInt8] {
        byID.bind(1, id)
        guard let bytes = try byID.first({ try canonical($0).bytes }) else {
            throw StorageFailure.damaged("tree \(id) is missing")
        }
        return bytes
    }

    /// The canonical bytes, which have the digest that was acknowledged.
    private func canonical(_ row: SQLStatement) throws -> (bytes: [UInt8], digest: Digest256) {
        let bytes = try TreeStorage.canonical(row.blob(3), text: contents.text) ?? []
        guard let digest = Digest256(row.bytes(2)), Tree.digest(ofPacked: bytes) == digest else {
            throw StorageFailure.damaged("tree \(row.int(0)) does not have its digest")
        }
        return (bytes, digest)
    }

    private func stored(_ row: SQLStatement) throws -> Stored {
        let (bytes, digest) = try canonical(row)
        guard let tree = try? Tree(packed: bytes) else {
            throw StorageFailure.damaged("tree \(row.int(0)) cannot be read")
        }
        return Stored(id: row.int(0), root: row.int(1), digest: digest, tree: tree)
    }
}
