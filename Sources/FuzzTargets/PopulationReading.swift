import Model
import Scenarios
import SimulationKit

/// Population files: the first byte chooses the format, the second the type of agents; the rest is the file.
enum PopulationReading {
    /// In the order of their appearance in GenSim, since a corpus names them by position: new ones go to the end.
    private static let formats: [PopulationFormat] = [.json, .jsonl, .gensim, .csv, .drawn]
    private static let typeNames = ["seeker", "interviewer", "member", "room", "user"]

    private static let types: [AgentTypeDefinition] = {
        let known = ScenarioRegistry.builtIn.names.flatMap { name -> [AgentTypeDefinition] in
            guard let type = try? ScenarioRegistry.builtIn.type(named: name, at: "fuzzing"),
                let scenario = try? type.init(
                    parameters: ScenarioParameters(definitions: type.parameters, settings: [:]))
            else { return [] }
            return scenario.agentTypes
        }
        return typeNames.compactMap { name in known.first { $0.name == name } }
    }()

    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let (format, rest) = choice(of: formats, by: input), let (type, file) = choice(of: types, by: rest),
            let records = try? PopulationReader(type: type, format: format, file: "fuzzed").records(in: file)
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
