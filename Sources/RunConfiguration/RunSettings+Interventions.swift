import Model
import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    /// Most interventions of a configuration.
    private static let maxInterventions = 1_000

    /// The configuration's interventions. Whether the run has whom they name is checked with its population.
    static func interventions(_ root: YAMLSection) throws(UserError) -> [Intervention] {
        guard root.has("interventions") else { return [] }
        let elements = try root.elements("interventions", as: "intervention")
        guard elements.count <= maxInterventions else {
            throw root.error("there are more than \(maxInterventions) interventions", key: "interventions")
        }
        var all: [Intervention] = []
        for (place, element) in elements.enumerated() {
            let intervention = try Intervention(
                try element.value("intervention"), at: "interventions[\(place)]")
            guard intervention.round != nil else {
                throw element.error(
                    "it does not say from which round on it holds", key: "intervention", advice: "write round: 3")
            }
            all.append(intervention)
        }
        return all
    }

    /// Interventions in a file of their own, as `coordinator intervene --file` takes it: `interventions: [...]`.
    public static func interventions(yaml: String, file: String) throws(UserError) -> [Intervention] {
        let root = try YAMLSection(yaml: yaml, file: file, keys: ["interventions"])
        let elements = try root.elements("interventions", as: "intervention")
        guard (1...64).contains(elements.count) else {
            throw root.error("a file holds 1 to 64 interventions", key: "interventions")
        }
        var all: [Intervention] = []
        for (place, element) in elements.enumerated() {
            all.append(try Intervention(try element.value("intervention"), at: "\(file): interventions[\(place)]"))
        }
        return all
    }

    /// The interventions as YAML; nothing where there are none.
    var interventionLines: [String] {
        guard !interventions.isEmpty else { return [] }
        return ["interventions:"] + interventions.map { "  - \(Self.text($0.value))" }
    }
}
