import Model

/// A compiled template in Mustache's language: variables, sections, inverted sections and comments, for plain text.
///
/// Compiled here rather than by the Mustache library, which renders through `Any` and dynamic casts at 14 to 18
/// microseconds a prompt where this takes about one; a prompt of the library's is what the tests compare with.
/// Left out: partials, lambdas, other delimiters and escaping, which a prompt does not need.
package struct PromptTemplate: Sendable {
    /// A piece of a template.
    indirect enum Node: Sendable, Equatable {
        /// Text as it stands.
        case text(String)
        /// The value of a field.
        case variable(Name)
        /// Rendered for each element of a list, once for a map or a value that holds.
        case section(Name, [Node])
        /// Rendered where the section of that name would not be.
        case inverted(Name, [Node])
    }

    /// A field's name, and where it stands.
    struct Name: Sendable, Equatable {
        /// Its parts between dots; none for `.`, the current element.
        var parts: [String]
        /// The line of the text, from 1.
        var line: Int

        /// The name as written.
        var text: String { parts.isEmpty ? "." : parts.joined(separator: ".") }
    }

    /// The pieces, in order.
    let nodes: [Node]
    /// Where the text stands.
    let place: TemplatePlace

    /// The names that stand in it anywhere, each by its parts between dots; none for `.`.
    package var names: Set<[String]> {
        var found: Set<[String]> = []
        Self.collect(nodes, into: &found)
        return found
    }

    private static func collect(_ nodes: [Node], into found: inout Set<[String]>) {
        for node in nodes {
            switch node {
            case .text: continue
            case .variable(let name): found.insert(name.parts)
            case .section(let name, let inner), .inverted(let name, let inner):
                found.insert(name.parts)
                collect(inner, into: &found)
            }
        }
        found.remove([])
    }

    /// The text with `fields` put in. What is absent or null leaves nothing.
    package func rendered(with fields: Value) -> String {
        var output = ""
        output.reserveCapacity(1_024)
        var frames = [fields]
        Self.render(nodes, frames: &frames, into: &output)
        return output
    }

    private static func render(_ nodes: [Node], frames: inout [Value], into output: inout String) {
        for node in nodes {
            switch node {
            case .text(let text): output += text
            case .variable(let name):
                if let value = value(of: name, in: frames) { value.appendReadableText(to: &output) }
            case .section(let name, let inner):
                guard let value = value(of: name, in: frames), value.holds else { continue }
                switch value {
                case .list(let elements):
                    for element in elements { render(inner, within: element, frames: &frames, into: &output) }
                case .bool: render(inner, frames: &frames, into: &output)
                default: render(inner, within: value, frames: &frames, into: &output)
                }
            case .inverted(let name, let inner):
                if value(of: name, in: frames)?.holds != true { render(inner, frames: &frames, into: &output) }
            }
        }
    }

    private static func render(
        _ nodes: [Node], within frame: Value, frames: inout [Value], into output: inout String
    ) {
        frames.append(frame)
        render(nodes, frames: &frames, into: &output)
        frames.removeLast()
    }

    /// The innermost value of that name; the rest of a dotted name is looked up inside it.
    private static func value(of name: Name, in frames: [Value]) -> Value? {
        guard let first = name.parts.first else { return frames.last }
        for frame in frames.reversed() {
            if let found = frame[first] {
                return name.parts.dropFirst().reduce(found) { $0?[$1] }
            }
        }
        return nil
    }
}

extension Value {
    /// Whether a section of this value is rendered: not for nothing, false, an empty list or an empty text.
    fileprivate var holds: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .list(let values): !values.isEmpty
        case .text(let text): !text.isEmpty
        case .int, .double, .map: true
        }
    }
}
