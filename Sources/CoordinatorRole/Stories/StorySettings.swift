import Model
import Support

/// What stories depend on, beside the model's answers: the first line of the file of what was asked.
struct StorySettings: Codable, Equatable, Sendable {
    /// Version of the file's lines.
    static let currentFormat = 1

    /// Version of the lines that follow.
    var format = currentFormat
    /// Hash of the population's file.
    var population: String
    /// Hash of the template.
    var template: String
    /// The field that gets the story.
    var field: String
    /// The seed.
    var seed: UInt64
    /// The model that is asked; nil where it is not known yet.
    var model: String?
    /// Temperature times 1000.
    var temperature: UInt32
    /// Most tokens of a story.
    var maxTokens: UInt32

    /// Whether a name can be a field of a record and stand in a template.
    static func isField(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && name != "id"
            && name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_")
            }
    }

    /// How a model is asked to sample.
    var sampling: Sampling { Sampling(temperature: temperature, topP: 1000, maxTokens: maxTokens) }

    /// Throws where stories were begun with `earlier` and these settings are others. `file` is what was begun.
    func check(against earlier: StorySettings, file: String) throws(UserError) {
        let parts: [(name: String, before: String, now: String)] = [
            ("format of its own", "\(earlier.format)", "\(format)"),
            ("population", earlier.population, population), ("template", earlier.template, template),
            ("--field", earlier.field, field), ("--seed", "\(earlier.seed)", "\(seed)"),
            ("--model", earlier.model ?? "", model ?? earlier.model ?? ""),
            ("--temperature", "\(Double(earlier.temperature) / 1000)", "\(Double(temperature) / 1000)"),
            ("--max-tokens", "\(earlier.maxTokens)", "\(maxTokens)"),
        ]
        guard let other = parts.first(where: { $0.before != $0.now }) else { return }
        throw UserError(
            "the stories were begun with another \(other.name): \(other.before), and now \(other.now)", at: file,
            advice: "call with the same settings to go on, or name another file by --out", exitCode: .configuration)
    }
}
