import Hashing
import Model
import SimulationKit
import Vectors
import Wire

/// Vectors by the content of their texts, as they come from the recorder.
struct VectorLookup: Sendable {
    private let vectors: [Digest128: FixedVector]

    /// Vectors of a page of merged operations.
    init(_ vectors: [TextVector], dimension: Int) throws {
        self.vectors = try Dictionary(
            vectors.map { ($0.text, try FixedVector(bytes: $0.vector, dimension: dimension)) }
        ) { first, _ in first }
    }

    /// Vectors that embedding calls recorded.
    init(outcomes: [OutcomeRecord], dimension: Int) throws {
        var vectors: [Digest128: FixedVector] = [:]
        for case .embedding(_, let texts, let bytes) in outcomes.map(\.content) {
            for (text, vector) in zip(texts, bytes) {
                vectors[contentHash(text)] = try FixedVector(bytes: vector, dimension: dimension)
            }
        }
        self.vectors = vectors
    }

    /// The vector of a text, nil where it was never embedded.
    var vector: (String) -> FixedVector? { { vectors[contentHash($0)] } }
}
