import SimulationKit
import YAMLReading

extension RunSettings {
    /// How memory is kept, by one of the kit's policies or one that the scenario brings along.
    static func memory(_ root: YAMLSection, of scenario: any Scenario) throws -> MemorySettings {
        let section = try root.section(
            "memory",
            keys: [
                "kind", "short", "long", "reflection_threshold", "importance_weight",
                "max_entries_per_consolidation", "max_reflections_per_consolidation", "long_limit", "forget",
            ])
        var settings = MemorySettings()
        if let text = try section.optionalText("kind") { settings.kind = try kind(text, section, scenario) }
        settings.short = try section.int("short", 0...1_000, default: settings.short)
        settings.long = try section.int("long", 0...1_000, default: settings.long)
        settings.reflectionThreshold = try section.decimal(
            "reflection_threshold", digits: 6, 1...1_000_000_000, default: settings.reflectionThreshold)
        settings.importanceWeight = try section.decimal(
            "importance_weight", digits: 6, 0...10_000_000, default: settings.importanceWeight)
        settings.maxEntriesPerConsolidation = try section.int(
            "max_entries_per_consolidation", 1...4_096, default: settings.maxEntriesPerConsolidation)
        settings.maxReflectionsPerConsolidation = try section.int(
            "max_reflections_per_consolidation", 0...1_000, default: settings.maxReflectionsPerConsolidation)
        settings.longLimit = try section.int("long_limit", 0...100_000, default: settings.longLimit)
        if let text = try section.optionalText("forget") {
            guard let rule = ForgettingRule(rawValue: text) else {
                let names = ForgettingRule.allCases.map(\.rawValue)
                throw section.error(
                    "memory.forget is unknown", key: "forget", advice: "one of \(names.joined(separator: ", "))")
            }
            settings.forget = rule
        }
        return settings
    }

    private static func kind(
        _ name: String, _ section: YAMLSection, _ scenario: any Scenario
    ) throws -> MemoryKind {
        let kinds = MemoryKind.builtIn + scenario.memories.map { MemoryKind($0) }
        let found = kinds.filter { $0.name == name }
        guard let kind = found.first else {
            throw section.error(
                "memory.kind is unknown", key: "kind",
                advice: "one of \(kinds.map(\.name).joined(separator: ", "))")
        }
        guard found.count == 1 else {
            throw section.error(
                "memory.kind names \(found.count) kinds of memory", key: "kind",
                advice: "the scenario's own need names that no other has")
        }
        return kind
    }
}
