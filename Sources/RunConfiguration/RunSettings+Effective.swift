import SimulationKit
import YAMLReading

extension RunSettings {
    /// The configuration as YAML with every value written out, overrides included: it loads back to an equal one, and
    /// equal ones have equal texts.
    public func effectiveYAML() -> String {
        var lines = [
            "name: \(Self.quoted(name))",
            "seed: \(seed)",
            "rounds: \(rounds)",
            "round_hours: \(roundHours)",
            "partitions: \(partitions)",
            "scenario:",
            "  name: \(Self.quoted(scenario.name))",
        ]
        if !scenario.prompts.isEmpty { lines.append("  prompts: \(Self.quoted(scenario.prompts))") }
        if !scenario.parameters.isEmpty {
            lines.append("  parameters:")
            let sorted = scenario.parameters.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (name, setting) in sorted {
                let value =
                    switch setting {
                    case .int(let value): String(value)
                    case .bool(let value): String(value)
                    case .text(let value): Self.quoted(value)
                    }
                lines.append("    \(name): \(value)")
            }
        }
        lines.append("populations:")
        for population in populations {
            lines.append("  \(Self.quoted(population.type)):")
            lines.append("    file: \(Self.quoted(population.file))")
            lines.append("    format: \(population.format.rawValue)")
            if let count = population.count { lines.append("    count: \(count)") }
        }
        lines += [
            "memory:",
            "  kind: \(MemoryKind.builtIn.contains(memory.kind) ? memory.kind.name : Self.quoted(memory.kind.name))",
            "  short: \(memory.short)",
            "  long: \(memory.long)",
            "  reflection_threshold: \(Decimal.text(memory.reflectionThreshold, digits: 6))",
            "  importance_weight: \(Decimal.text(memory.importanceWeight, digits: 6))",
            "  max_entries_per_consolidation: \(memory.maxEntriesPerConsolidation)",
            "  max_reflections_per_consolidation: \(memory.maxReflectionsPerConsolidation)",
            "  long_limit: \(memory.longLimit)",
            "  forget: \(memory.forget.rawValue)",
            "llm:",
            "  model: \(llm.model.map(Self.quoted) ?? "null")",
            "  temperature: \(Decimal.text(Int64(llm.temperature), digits: 3))",
            "  top_p: \(Decimal.text(Int64(llm.topP), digits: 3))",
            "  max_reply_tokens: \(llm.maxReplyTokens)",
            "  prompt_tokens: \(llm.promptTokens)",
            "  reflection_tokens: \(llm.reflectionTokens)",
            "  count_tokens: \(llm.countTokens)",
            "  max_attempts: \(llm.maxAttempts)",
            "  memory_model: \(llm.memoryModel.map(Self.quoted) ?? "null")",
            "  distributions: [\(llm.distributions.map(Self.quoted).joined(separator: ", "))]",
            "  sharing:",
            "    priority: \(llm.sharing.priority)",
            "    weight: \(llm.sharing.weight)",
            "    in_flight: \(llm.sharing.inFlight)",
            "embedding:",
            "  model: \(embeddingModel.map(Self.quoted) ?? "null")",
            "  vectors: \(vectors.rawValue)",
            "limits:",
            "  failure_rate: \(Decimal.text(limits.failuresPerMillion, digits: 6))",
            "  root_window: \(limits.rootWindow)",
            "  calls_per_tree: \(limits.callsPerTree)",
            "  depth: \(limits.depth)",
            "  snapshot_rounds: \(limits.snapshotRounds)",
        ]
        lines += scheduleLines + relationLines + environmentLines + interventionLines
        return lines.joined(separator: "\n") + "\n"
    }

    /// A double-quoted YAML scalar. What YAML takes for the end of a line, cannot hold as it is, or what a loader
    /// refuses outside of quotes, too, is written by its number.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5c: result += "\\\(scalar)"
            case 0..<0x20, 0x26, 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
