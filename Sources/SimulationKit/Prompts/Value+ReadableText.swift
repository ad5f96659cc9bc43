import Model

extension Value {
    /// The value as a person writes it, for prompts: texts as they are, lists with semicolons or, where their
    /// elements are maps, line by line, maps as `Name: value` lines in the order of their keys' bytes.
    public var readableText: String {
        var output = ""
        appendReadableText(to: &output)
        return output
    }

    /// Appends `readableText`.
    func appendReadableText(to output: inout String) { append(to: &output, inline: false) }

    private func append(to output: inout String, inline: Bool) {
        switch self {
        case .null: break
        case .bool(let value): output += value ? "yes" : "no"
        case .int(let value): output += String(value)
        case .double(let value): output += String(value)
        case .text(let value): output += value
        case .list(let values):
            let breaks = !inline && holdsMaps
            for (index, value) in values.enumerated() {
                if breaks { output += "\n- " } else if index > 0 { output += "; " }
                value.append(to: &output, inline: true)
            }
        case .map(let values):
            let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for (index, (key, value)) in sorted.enumerated() {
                if index > 0 { output += inline ? ", " : "\n" }
                output += key
                output += !inline && value.holdsMaps ? ":" : ": "
                value.append(to: &output, inline: inline || !value.holdsMaps)
            }
        }
    }

    private var holdsMaps: Bool { list?.contains { $0.map != nil } == true }
}
