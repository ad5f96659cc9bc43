import Hashing
import Model
import SimulationKit
import Vectors
import Wire

/// Vectors as they come from the recorder, by whose they are and the content of their texts: a model that is asked for
/// the same text twice may answer with two vectors, and each agent keeps the one that it was given.
struct VectorLookup: Sendable {
    private let vectors: [AgentID: [Digest128: FixedVector]]

    /// Vectors of a page of merged operations.
    init(_ vectors: [TextVector], dimension: Int) throws {
        var found: [AgentID: [Digest128: FixedVector]] = [:]
        for vector in vectors {
            found[vector.agent, default: [:]][vector.text] = try FixedVector(
                bytes: vector.vector, dimension: dimension)
        }
        self.vectors = found
    }

    /// Vectors that embedding calls recorded.
    init(outcomes: [OutcomeRecord], dimension: Int) throws {
        var found: [AgentID: [Digest128: FixedVector]] = [:]
        for outcome in outcomes {
            guard case .embedding(_, let texts, let bytes) = outcome.content else { continue }
            for (text, vector) in zip(texts, bytes) {
                found[outcome.agent, default: [:]][contentHash(text)] = try FixedVector(
                    bytes: vector, dimension: dimension)
            }
        }
        vectors = found
    }

    /// The vector that an agent was given for a text, nil where it never asked for one.
    func vector(of agent: AgentID) -> (String) -> FixedVector? { { vectors[agent]?[contentHash($0)] } }
}
