import GRDB
import Hashing
import Model

/// Reads a call as a rerun would: that compares the hash of its request with prompt and settings, and the hash of its
/// result with the answer.
struct RequestCheck {
    private let reader: OutcomeReader

    init(_ database: Database, _ contents: ContentReader) throws { reader = try OutcomeReader(database, contents) }

    func check(call id: Int64) throws {
        let nowhere = TurnID(digest: Digest128(high: 0, low: 0))
        let variant = RecordedVariant(
            request: nowhere.digest, result: nowhere.digest, row: id, isCompletion: true, isAside: false)
        _ = try reader.record(
            variant, OutcomeReader.Owner(call: CallID(turn: nowhere, number: 0), root: nowhere, partition: 0))
    }
}
