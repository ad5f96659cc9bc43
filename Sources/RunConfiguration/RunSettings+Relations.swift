import Model
import SimulationKit
import Support
import YAMLReading

extension RunSettings {
    /// Relations by name: a file of pairs, or a random graph.
    static func relations(
        _ root: YAMLSection, of scenario: any Scenario
    ) throws -> [RelationDefinition] {
        let types = scenario.agentTypes.map(\.name)
        let section = try root.section("relations", keys: nil)
        for name in scenario.relationNames.sorted() where !section.has(name) {
            throw root.error(
                "the relation \(name) is missing, which the scenario uses", key: "relations",
                advice: "add relations.\(name) with a file or a model")
        }
        var definitions: [RelationDefinition] = []
        for name in section.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let entry = try section.section(
                name,
                keys: [
                    "file", "directed", "model", "mean", "edges", "neighbours", "rewiring", "among",
                ])
            definitions.append(
                entry.has("file")
                    ? try relation(name, ofFile: entry) : try relation(name, ofModel: entry, types: types))
        }
        return definitions
    }

    private static func relation(_ name: String, ofFile entry: YAMLSection) throws(UserError) -> RelationDefinition {
        for key in ["model", "mean", "edges", "neighbours", "rewiring", "among"] where entry.has(key) {
            throw entry.error("\(name) comes from a file and from a model", key: key, advice: "keep one of the two")
        }
        return RelationDefinition(
            name: name, source: .file(try entry.text("file")),
            isDirected: try entry.bool("directed", default: false))
    }

    private static func relation(
        _ name: String, ofModel entry: YAMLSection, types: [String]
    ) throws(UserError) -> RelationDefinition {
        let model: RelationModel
        let own: [String]
        let word = try entry.text("model")
        switch word {
        case "erdos-renyi":
            own = ["mean"]
            guard entry.has("mean") else { throw missing("mean", "the mean number of relations of an agent", entry) }
            model = .erdosRenyi(
                meanMillionths: try entry.decimal("mean", digits: 6, 0...1_000_000_000_000, default: 0))
        case "barabasi-albert":
            own = ["edges"]
            model = .barabasiAlbert(edges: try entry.int("edges", 1...1_000))
        case "watts-strogatz":
            own = ["neighbours", "rewiring"]
            let neighbours = try entry.int("neighbours", 2...1_000)
            guard neighbours.isMultiple(of: 2) else {
                throw entry.error("neighbours must be even", key: "neighbours", advice: "half stand on either side")
            }
            model = .wattsStrogatz(
                neighbours: neighbours,
                rewiringMillionths: try entry.decimal("rewiring", digits: 6, 0...1_000_000, default: 100_000))
        default:
            throw entry.error(
                "\(word) is no model of a graph", key: "model",
                advice: "erdos-renyi, barabasi-albert or watts-strogatz")
        }
        for key in ["directed", "mean", "edges", "neighbours", "rewiring"] where entry.has(key) && !own.contains(key) {
            throw entry.error("\(word) has no \(key)", key: key, advice: "it takes \(own.joined(separator: ", "))")
        }
        return RelationDefinition(
            name: name, source: .model(model), types: try entry.names("among", from: types))
    }

    private static func missing(_ key: String, _ what: String, _ entry: YAMLSection) -> UserError {
        entry.error("the key \(key) is missing", key: "model", advice: "add it: \(what)")
    }

    /// The relations as YAML; nothing where there are none.
    var relationLines: [String] {
        guard !relations.isEmpty else { return [] }
        return ["relations:"] + relations.map { "  \(Self.quoted($0.name)): { \(Self.text($0)) }" }
    }

    private static func text(_ relation: RelationDefinition) -> String {
        let source: String
        switch relation.source {
        case .file(let path): return "file: \(quoted(path)), directed: \(relation.isDirected)"
        case .model(.erdosRenyi(let mean)):
            source = "model: erdos-renyi, mean: \(Decimal.text(mean, digits: 6))"
        case .model(.barabasiAlbert(let edges)): source = "model: barabasi-albert, edges: \(edges)"
        case .model(.wattsStrogatz(let neighbours, let rewiring)):
            source =
                "model: watts-strogatz, neighbours: \(neighbours), rewiring: \(Decimal.text(rewiring, digits: 6))"
        }
        guard !relation.types.isEmpty else { return source }
        return source + ", among: [\(relation.types.map(quoted).joined(separator: ", "))]"
    }
}

extension RunPackage {
    /// The graphs of all relations: read, or drawn from the run's seed.
    static func relations(
        _ settings: RunSettings, population: Population, read: (String) throws -> [UInt8]
    ) throws -> [String: RelationGraph] {
        var graphs: [String: RelationGraph] = [:]
        for relation in settings.relations {
            switch relation.source {
            case .model(let model):
                graphs[relation.name] = try relation.graph(
                    of: model, population: population, seed: RunSeed(settings.seed))
            case .file(let path):
                let edges = try EdgeListReader(file: path).edges(in: try read(path), population: population)
                guard edges.count <= RelationGraph.maxEdges else {
                    throw UserError(
                        "the file has \(edges.count) relations", at: path,
                        advice: "at most \(RelationGraph.maxEdges) are read", exitCode: .dataError)
                }
                graphs[relation.name] = RelationGraph(
                    agents: population.count, edges: edges, isDirected: relation.isDirected)
            }
        }
        return graphs
    }
}
