import Model
import Scenarios
import SimulationKit

/// Population files: the first byte chooses format and type of agents, see `readers`; the rest is the file.
enum PopulationReading {
    /// Formats and types of agents. Their order is fixed: what is new goes behind the last, so that inputs stay what
    /// they are.
    private static let readers: [(type: AgentTypeDefinition, format: PopulationFormat)] = {
        let (market, talk) = (types(of: "job-market"), types(of: "group-discussion"))
        let site = types(of: "recommendation")
        let first = [PopulationFormat.json, .jsonl, .gensim].flatMap { format in market.map { ($0, format) } }
        return first + market.map { ($0, .csv) } + (talk + site).flatMap { type in [(type, .json), (type, .csv)] }
    }()

    private static func types(of name: String) -> [AgentTypeDefinition] {
        guard let type = try? ScenarioRegistry.builtIn.type(named: name, at: "fuzzing"),
            let scenario = try? type.init(
                parameters: ScenarioParameters(definitions: type.parameters, settings: [:]))
        else { return [] }
        return scenario.agentTypes
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let ((type, format), file) = choice(of: readers, by: input) else { return }
        if let objects = try? PopulationReader.undeclared(in: file, format: format, file: "fuzzed") {
            try BrokenPromise.unless(!objects.isEmpty, "a file without records is accepted")
        }
        guard let records = try? PopulationReader(type: type, format: format, file: "fuzzed").records(in: file)
        else { return }
        try BrokenPromise.unless(!records.isEmpty, "a population without records is accepted")
        // Two copies of each record and one more, so that ids of copies are made and read.
        let count = 2 * records.count + 1
        guard let population = try? Population([.init(type: type, records: records, count: count)]) else {
            throw BrokenPromise("records of one file, checked, are no population")
        }
        try BrokenPromise.unless(population.count == count, "the population has another number of agents")
        for agent in population.agents {
            try BrokenPromise.unless(
                population.agent(withID: population.id(of: agent)) == agent, "an agent is not found by its id")
            try BrokenPromise.unless(
                !population.record(of: agent).isEmpty || type.fields.isEmpty, "an agent has no profile")
        }
    }
}
