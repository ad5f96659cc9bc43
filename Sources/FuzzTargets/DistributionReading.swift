import Model
import RunConfiguration
import SimulationKit

/// Distributions of a population, and what is drawn from them.
enum DistributionReading {
    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let text = String(validating: input, as: UTF8.self),
            let spec = try? PopulationSpec(yaml: text, file: "fuzzed")
        else { return }
        for number in 1...20 {
            guard let values = try? spec.values(number, seed: RunSeed(1)) else {
                throw BrokenPromise("a spec that was read does not draw record \(number)")
            }
            try BrokenPromise.unless(
                (try? spec.values(number, seed: RunSeed(1))) == values, "a record is drawn in two ways")
            try BrokenPromise.unless(
                values.keys.allSatisfy { !$0.hasPrefix("_") }, "what is for other fields alone is in a record")
        }
    }
}
