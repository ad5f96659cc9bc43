import Model
import SimulationKit

/// A run's configuration, checked: what the YAML file says, with the defaults for what it leaves out.
public struct RunSettings: Sendable, Equatable {
    /// The run's name.
    public var name: String
    /// From which every random draw and sampling seed derives.
    public var seed: UInt64
    /// Rounds in all.
    public var rounds: Int
    /// Simulated hours from one round to the next.
    public var roundHours: Int
    /// Pieces that agents are spread over.
    public var partitions: Int
    /// What is played.
    public var scenario: ScenarioChoice
    /// Who plays, in the file's order.
    public var populations: [PopulationChoice]
    /// How memory is kept.
    public var memory: MemorySettings
    /// How chat models are asked.
    public var llm: ModelChoice
    /// Name of the embedding model; nil for the one that the server names.
    public var embeddingModel: String?
    /// How vectors travel and are recorded.
    public var vectors: VectorFormat
    /// Bounds.
    public var limits: Limits
    /// Who acts when.
    public var schedule: TurnSchedule
    /// Who is related to whom, in the order of the names.
    public var relations: [RelationDefinition]
    /// Fields of the environment before round 1.
    public var environment: [String: Value]
    /// What the researcher does to the run, in the order of the file.
    public var interventions: [Intervention]

    /// What is played.
    public struct ScenarioChoice: Sendable, Equatable {
        /// The scenario's name.
        public var name: String
        /// Its parameters as given, checked against its definitions.
        public var parameters: [String: ScenarioParameters.Setting]
        /// Folder of the prompt templates, relative to the configuration's; empty where the scenario brings all of
        /// them.
        public var prompts: String
    }

    /// Agents of one type.
    public struct PopulationChoice: Sendable, Equatable {
        /// The type.
        public var type: String
        /// The file of records, relative to the configuration's folder.
        public var file: String
        /// How the file is written.
        public var format: PopulationFormat
        /// Agents of this type; nil for one of each record.
        public var count: Int?

        /// Agents of one type; see the properties.
        public init(type: String, file: String, format: PopulationFormat, count: Int?) {
            self.type = type
            self.file = file
            self.format = format
            self.count = count
        }
    }

    /// How chat models are asked.
    public struct ModelChoice: Sendable, Equatable {
        /// Name of the model; nil for the one that the server names.
        public var model: String?
        /// Temperature times 1000.
        public var temperature: UInt32
        /// Nucleus probability times 1000.
        public var topP: UInt32
        /// Most tokens of a written answer.
        public var maxReplyTokens: Int
        /// Most tokens of a prompt.
        public var promptTokens: Int
        /// Most tokens of a reflection's prompt.
        public var reflectionTokens: Int
        /// Whether the servers count the tokens of prompts that may be too long, where all of them can.
        public var countTokens: Bool
        /// Answers asked for before a call fails.
        public var maxAttempts: Int
        /// Name of the model that rates and reflects on memories; nil for the one that decides.
        public var memoryModel: String?
        /// Names of the templates whose choices are drawn from the model's distribution, in the order of their names.
        public var distributions: [String]
        /// How the run shares a gateway with others; without effect on results.
        public var sharing: Sharing
    }

    /// A run's part of a gateway that several runs share.
    public struct Sharing: Sendable, Equatable {
        /// Calls of higher priority go first; 0 to 9.
        public var priority: Int
        /// The run's share of the servers' tokens, relative to other runs'.
        public var weight: Int
        /// Requests of the run that may be in flight at the servers; 0 for as many as there is room.
        public var inFlight: Int
    }

    /// Bounds on failures and on work in flight.
    public struct Limits: Sendable, Equatable {
        /// Share of failed turns in a round above which the run stops, in millionths.
        public var failuresPerMillion: Int64
        /// Root turns in flight on a host.
        public var rootWindow: Int
        /// Calls of one root turn and all turns below it.
        public var callsPerTree: Int
        /// Asks within asks.
        public var depth: Int
        /// Rounds from one snapshot of the agents to the next; 0 for none.
        public var snapshotRounds: Int

        /// Share of failed turns in a round above which the run stops.
        public var failureRate: Double { Double(failuresPerMillion) / 1_000_000 }
    }

    /// How turns ask models.
    public var models: ModelSettings {
        ModelSettings(
            model: llm.model ?? "", temperature: llm.temperature, topP: llm.topP,
            maxReplyTokens: UInt32(clamping: llm.maxReplyTokens), promptTokens: llm.promptTokens,
            reflectionTokens: llm.reflectionTokens, memoryModel: llm.memoryModel,
            distributions: Set(llm.distributions))
    }
}
