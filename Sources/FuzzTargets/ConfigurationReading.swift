import RunConfiguration
import Scenarios
import SimulationKit

/// The configuration of a run.
enum ConfigurationReading {
    static func check(_ input: [UInt8]) throws(BrokenPromise) {
        guard let text = String(validating: input, as: UTF8.self), let settings = load(text) else { return }
        let effective = settings.effectiveYAML()
        guard let again = load(effective) else { throw BrokenPromise("the effective configuration does not load") }
        try BrokenPromise.unless(again == settings, "the effective configuration loads as another")
        try BrokenPromise.unless(again.effectiveYAML() == effective, "equal configurations have different texts")
    }

    private static func load(_ text: String) -> RunSettings? {
        try? RunSettings.load(yaml: text, name: "fuzzed", registry: .builtIn)
    }
}
