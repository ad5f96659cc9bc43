import GRDB
import Hashing
import Model

/// Recomputes a call's request hash from the prompt and settings recorded: the prompt is whole, and the one sent.
struct RequestCheck {
    private let hash: SQLStatement
    private let reader: OutcomeReader

    init(_ database: Database, _ contents: ContentReader) throws {
        hash = try SQLStatement(database, "SELECT request FROM calls WHERE id = ?")
        reader = try OutcomeReader(database, contents)
    }

    func check(call id: Int64) throws {
        let nowhere = TurnID(digest: Digest128(high: 0, low: 0))
        let variant = RecordedVariant(
            request: nowhere.digest, result: nowhere.digest, row: id, isCompletion: true, isAside: false)
        let owner = OutcomeReader.Owner(call: CallID(turn: nowhere, number: 0), root: nowhere, partition: 0)
        guard case .completion(let spec, _) = try reader.record(variant, owner).content else { return }
        hash.bind(1, id)
        guard try hash.first({ Digest128(bytes: $0.blob(0)) }) == spec.requestHash else {
            throw Verifier.Violation(text: "the prompt of call \(id) does not have the hash of its request")
        }
    }
}
