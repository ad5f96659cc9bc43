import Model
import SimulationKit

/// A run as its configuration describes it, checked, with every file in memory.
struct PreparedRun: Sendable {
    /// A file of the run.
    struct File: Sendable {
        /// Path relative to the configuration's folder.
        var path: String
        /// Its content.
        var bytes: [UInt8]
    }

    /// The run's name.
    var name: String
    /// Seed of every draw.
    var seed: UInt64
    /// Rounds in all.
    var rounds: UInt32
    /// Partitions, without the environment's.
    var partitions: UInt32
    /// Simulated seconds from one round to the next.
    var secondsPerRound: Int64
    /// Failed root turns in a million that a round may have.
    var toleratedFailures: UInt64
    /// Name of the chat model from the configuration, nil for the server's only one.
    var model: String?
    /// Name of the model that rates and reflects on memories, nil for the chat model.
    var memoryModel: String?
    /// Whether servers are to count the tokens of prompts where they can.
    var countsTokens: Bool
    /// Name of the embedding model from the configuration, nil for the server's only one.
    var embeddingModel: String?
    /// How vectors travel and are recorded.
    var vectors: VectorFormat
    /// Most tokens of an answer.
    var maxReplyTokens: Int
    /// Whether memories or collections need vectors.
    var needsEmbedding: Bool
    /// Whether long-term memories are rated.
    var ratesMemories: Bool
    /// The effective configuration.
    var yaml: String
    /// Templates and populations.
    var files: [File]
    /// The scenario.
    var scenario: any Scenario
    /// The agents.
    var population: Population
    /// Names of the relations.
    var relations: Set<String>
    /// What the configuration does to the run.
    var interventions: [Intervention]
}
