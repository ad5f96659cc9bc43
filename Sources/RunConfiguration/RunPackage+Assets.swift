import Model
import SimulationKit
import Support
import Vectors

extension RunPackage {
    /// What turns read, for a run that has started: `file` gives the recorded vectors of collections by path.
    public func assets(definition: RunDefinition, file: (String) -> [UInt8]?) throws -> SimulationAssets {
        var collections: [String: ItemCollection] = [:]
        for collection in scenario.collections(of: population) {
            let path = ItemCollection.vectorsPath(of: collection.name)
            guard let bytes = file(path),
                let items = try ItemCollection(
                    collection, packedVectors: bytes, dimension: Int(definition.embeddingDimension))
            else {
                throw UserError(
                    "the vectors of the collection \(collection.name) are missing or do not fit", at: path,
                    advice: "the recording is incomplete: check it with coordinator verify", exitCode: .dataError)
            }
            collections[collection.name] = items
        }
        var models = configuration.models
        models.model = definition.model
        models.countsTokens = !definition.yardsticks.isEmpty
        return SimulationAssets(
            scenario: scenario, population: population, prompts: prompts, seed: RunSeed(definition.seed),
            models: models.limited(toContext: Int(definition.contextTokens)), memory: configuration.memory,
            limits: TreeLimits(calls: configuration.limits.callsPerTree, depth: configuration.limits.depth),
            embeddingModel: definition.embeddingModel,
            embeddingDimension: Int(definition.embeddingDimension), collections: collections,
            schedule: configuration.schedule, relations: relations,
            environment: scenario.environmentFields(of: population).merging(configuration.environment) { $1 },
            interventions: configuration.interventions)
    }
}
