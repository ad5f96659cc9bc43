import GRDB
import Hashing
import Model

/// Reads a call as a rerun would: that compares the hash of its request with prompt and settings, and the hash of its
/// result with the answer. An answer that was drawn from a distribution is drawn again.
struct RequestCheck {
    private let reader: OutcomeReader
    private let seed: RunSeed

    init(_ database: Database, _ contents: ContentReader, seed: RunSeed) throws {
        reader = try OutcomeReader(database, contents)
        self.seed = seed
    }

    /// Checks the call in row `id`, which is `call`.
    func check(row id: Int64, _ call: CallID) throws {
        let nowhere = Digest128(high: 0, low: 0)
        let variant = RecordedVariant(request: nowhere, result: nowhere, row: id, isCompletion: true, isAside: false)
        let record = try reader.record(variant, OutcomeReader.Owner(call: call, root: call.turn, partition: 0))
        guard case .completion(let spec, let outcome) = record.content, let distribution = outcome.distribution,
            case .choice(let options) = spec.constraint, let answer = outcome.answer
        else { return }
        guard options[distribution.draw(seed: seed.call(call, attempt: 0))] == answer else {
            throw Verifier.Violation(
                text: "the answer of call \(call.number) of turn \(call.turn) is not the one that its seed draws from "
                    + "its distribution")
        }
    }
}
