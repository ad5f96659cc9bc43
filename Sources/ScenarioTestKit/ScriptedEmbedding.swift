import Hashing
import Model
import RunConfiguration
import SimulationKit
import Vectors

/// An embedding model without a server: a text's direction follows from the text alone.
public enum ScriptedEmbedding {
    /// Numbers in a vector.
    public static let dimension = 32

    /// The vector of a text.
    public static func vector(_ text: String) throws -> [UInt8] {
        var generator = SeededGenerator(seed: contentHash(text).low)
        return try HalfFloats.normalized((0..<dimension).map { _ in Float(generator.below(2_001) - 1_000) })
    }

    /// What hosts know of a run of this package, its collections embedded.
    public static func assets(of package: RunPackage) throws -> SimulationAssets {
        var files: [String: [UInt8]] = [:]
        for collection in package.scenario.collections(of: package.population) {
            files[ItemCollection.vectorsPath(of: collection.name)] = try ItemCollection.distinctTexts(of: collection)
                .flatMap(vector)
        }
        let definition = RunDefinition(
            run: "test", seed: package.configuration.seed, partitions: 4, programVersion: "", configuration: "",
            files: [], models: [], model: "m", contextTokens: 0, embeddingModel: "e",
            embeddingDimension: UInt32(dimension))
        return try package.assets(definition: definition) { files[$0] }
    }
}
