import Hashing
import Model
import SimulationKit
import Vectors
import Wire

/// Vectors by the content of their texts, as they come from the recorder.
struct VectorLookup: Sendable {
    private let vectors: [Digest128: FixedVector]

    /// Vectors of a page of merged operations.
    init(_ vectors: [TextVector]) throws {
        self.vectors = try Dictionary(vectors.map { ($0.text, try Self.vector($0.vector)) }) { first, _ in first }
    }

    /// Vectors that embedding calls recorded.
    init(outcomes: [OutcomeRecord]) throws {
        var vectors: [Digest128: FixedVector] = [:]
        for case .embedding(_, let texts, let bytes) in outcomes.map(\.content) {
            for (text, vector) in zip(texts, bytes) { vectors[contentHash(text)] = try Self.vector(vector) }
        }
        self.vectors = vectors
    }

    /// The vector of a text, nil where it was never embedded.
    var vector: (String) -> FixedVector? { { vectors[contentHash($0)] } }

    private static func vector(_ bytes: [UInt8]) throws -> FixedVector { try FixedVector(halfFloats: bytes) }
}
