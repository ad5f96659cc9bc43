import Model

/// What the recorder keeps packed: the first byte chooses the type.
enum PackedReading {
    private static let types: [any Packable.Type] = [
        Tree.self, OutcomeRecord.self, RunDefinition.self, Value.self, Operation.self,
    ]

    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let (type, bytes) = choice(of: types, by: input) else { return }
        guard let value = try roundTrip(of: type, bytes) else { return }
        switch value {
        case let tree as Tree:
            let numbers = tree.turns.reduce(0) { $0 + $1.operations.count }
            try BrokenPromise.unless(tree.orderedOperations.count == numbers, "the merge's order loses operations")
            try BrokenPromise.unless(tree.root.path.isEmpty, "the first turn of a tree is not its root")
        case let record as OutcomeRecord: _ = record.resultHash
        case let value as Value:
            // Documented as never less than the texts; the sum must not overflow either.
            try BrokenPromise.unless(value.estimatedBytes > 0, "a value takes no bytes")
        case let operation as Operation:
            try BrokenPromise.unless(operation.estimatedBytes > 0, "an operation takes no bytes")
        default: break
        }
    }

    /// The decoded value, if the bytes are one: then its canonical bytes must decode to the same canonical bytes.
    private static func roundTrip(
        of type: any Packable.Type, _ bytes: [UInt8]
    ) throws(BrokenPromise) -> (any Packable)? {
        guard let value = try? type.init(packed: bytes) else { return nil }
        let packed = value.packed()
        try BrokenPromise.unless(
            (try? type.init(packed: packed))?.packed() == packed, "a packed \(type) reads back as another")
        return value
    }
}
