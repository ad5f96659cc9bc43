import Hashing
import Model

/// An outcome recorded for a root that has not committed.
struct RecordedVariant {
    /// Hash of what was asked.
    var request: Digest128
    /// Hash of how it ended.
    var result: Digest128
    /// Key in `calls`, `void_calls` or `embedding_calls`.
    var row: Int64
    /// Whether it is an LLM call.
    var isCompletion: Bool
    /// Whether it stands in `void_calls`, because another request of the same identity came first.
    var isAside: Bool
}

/// What is recorded of a root turn before its commit. Held in memory for roots in flight only.
final class OpenRoot {
    /// The root's partition.
    let partition: UInt32
    /// Its row in `turns`.
    let row: Int64
    /// Rows in `turns` of its turns, the root included.
    var turns: [TurnID: Int64]
    /// Its outcomes: of each call, the first of each request.
    var outcomes: [CallID: [RecordedVariant]] = [:]

    init(_ root: TurnID, partition: UInt32, row: Int64) {
        self.partition = partition
        self.row = row
        turns = [root: row]
    }

    /// Keys of the embedding calls among those that a commit names: nothing else says which of them count.
    func embeddingRows(of names: [OutcomeName]) -> [Int64] {
        var requests: [CallID: Digest128] = [:]
        for name in names { requests[name.call] = name.request }
        return requests.compactMap { call, request in
            outcomes[call]?.first { $0.request == request && !$0.isCompletion }?.row
        }.sorted()
    }

    /// Why a commit that names these outcomes cannot be written.
    enum Mismatch {
        /// Some are not recorded.
        case missing([OutcomeName])
        /// Some are recorded with another result.
        case differing
    }

    /// Compares what a commit names with what is recorded. `root` is nil when nothing is.
    static func mismatch(_ names: [OutcomeName], with root: OpenRoot?) -> Mismatch? {
        var missing: [OutcomeName] = []
        for name in names {
            let variant = root?.outcomes[name.call]?.first { $0.request == name.request }
            guard let variant else {
                missing.append(name)
                continue
            }
            if variant.result != name.result { return .differing }
        }
        return missing.isEmpty ? nil : .missing(missing)
    }
}
