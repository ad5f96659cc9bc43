import Model
import Support
import Yams

/// A mapping of a YAML file, read strictly: unknown keys, wrong types and values out of range are errors that name
/// file, line, column and key, and say what to do.
package struct YAMLSection {
    private let values: [(key: Node, value: Node)]
    /// The mapping's place where it has one; an absent section has none.
    private let mark: Mark?
    private let path: String
    private let file: String

    /// The file's outermost mapping, which may hold `keys`; nil allows any.
    package init(yaml: String, file: String, keys: [String]?) throws(UserError) {
        if let line = YAMLAnchors.firstLine(in: yaml) {
            throw UserError(
                "anchors (&name) are not read", at: "\(file):\(line)",
                advice: "write the value out where it is used; an & that is meant is written \"\\u0026\"",
                exitCode: .configuration)
        }
        let node: Node?
        do {
            node = try compose(yaml: yaml)
        } catch let error as YamlError {
            throw Self.unreadable(error, file: file)
        } catch {
            throw UserError("the file is no YAML", at: file, advice: "\(error)", exitCode: .configuration)
        }
        guard let node else {
            throw UserError(
                "the file is empty", at: file, advice: "start from one of the configurations under Configs/",
                exitCode: .configuration)
        }
        try self.init(node, path: "", file: file, keys: keys)
    }

    private init(_ node: Node?, path: String, file: String, keys: [String]?) throws(UserError) {
        self.path = path
        self.file = file
        mark = node?.mark
        guard let node else {
            values = []
            return
        }
        guard let mapping = node.mapping else {
            values = []
            throw error("a mapping is expected", node, advice: "write key: value lines")
        }
        values = mapping.map { ($0.key, $0.value) }
        guard let keys else { return }
        for (key, _) in values {
            guard let name = key.scalar?.string else { throw error("a key must be a text", key) }
            guard !keys.contains(name) else { continue }
            throw unknown(name, key, keys: keys)
        }
    }

    // MARK: Reading

    /// Names of the keys, in the file's order.
    package var keys: [String] { values.compactMap { $0.key.scalar?.string } }

    /// A mapping under `key` that may hold `keys`; nil allows any. Empty where it is absent.
    package func section(_ key: String, keys: [String]?) throws(UserError) -> YAMLSection {
        let node = node(key)
        let isNull = node.map(Self.isNull) ?? true
        return try YAMLSection(isNull ? nil : node, path: full(key), file: file, keys: keys)
    }

    /// A text, which must be there and not be empty.
    package func text(_ key: String) throws(UserError) -> String {
        guard let text = try optionalText(key) else { throw missing(key) }
        return text
    }

    /// A text, nil where it is absent or null.
    package func optionalText(_ key: String) throws(UserError) -> String? {
        guard let node = node(key), !Self.isNull(node) else { return nil }
        guard let scalar = node.scalar, !scalar.string.isEmpty, scalar.string.utf8.count <= 4_096,
            !scalar.string.utf8.contains(where: { $0 < 32 || $0 == 127 })
        else { throw error("\(full(key)) must be a text of one line", node) }
        return scalar.string
    }

    /// Largest text of several lines, in bytes.
    private static let maxBlockBytes = 1 << 20

    /// A text that may have several lines, nil where it is absent or null.
    package func block(_ key: String) throws(UserError) -> String? {
        guard let node = node(key), !Self.isNull(node) else { return nil }
        let isText: (UInt8) -> Bool = { $0 >= 32 && $0 != 127 || $0 == 9 || $0 == 10 }
        guard let scalar = node.scalar, !scalar.string.isEmpty, scalar.string.utf8.count <= Self.maxBlockBytes,
            scalar.string.utf8.allSatisfy(isText)
        else { throw error("\(full(key)) must be a text", node, advice: "write it behind | on lines of its own") }
        return scalar.string
    }

    /// Where the text of `key` stands: the file with the line on which the text begins; where its lines are not lines
    /// of the file, as in quotes, the place in the file and no line.
    package func textPlace(_ key: String) -> (place: String, firstLine: Int?) {
        let node = node(key)
        guard node?.scalar?.style == .literal, let mark = node?.mark else {
            return (Self.place(file, node?.mark ?? mark), nil)
        }
        return (file, mark.line + 1)
    }

    /// Texts from `known`, each at most once; none where the key is absent or null.
    package func names(_ key: String, from known: [String]) throws(UserError) -> [String] {
        guard let node = node(key), !Self.isNull(node) else { return [] }
        guard let sequence = node.sequence else {
            throw error("\(full(key)) must be a list", node, advice: "write it as [one, another]")
        }
        var names: [String] = []
        for entry in sequence {
            guard let name = entry.scalar?.string, known.contains(name) else {
                let near = entry.scalar.flatMap { NearestName.of($0.string, among: known) }
                throw error(
                    "\(full(key)) holds an unknown name", entry,
                    advice: (near.map { "did you mean \($0)? " } ?? "")
                        + "known names: \(known.sorted().joined(separator: ", "))")
            }
            guard !names.contains(name) else { throw error("\(full(key)) holds \(name) twice", entry) }
            names.append(name)
        }
        return names
    }

    /// The lines of `yaml`, which this section was read from, on which the mapping under `key` stands. Empty lines
    /// stand for those before, so that places in it are places in the file. `key` must be one of the outermost.
    package func source(of key: String, in yaml: String) throws(UserError) -> String {
        guard let entry = values.first(where: { $0.key.scalar?.string == key }), let start = entry.value.mark?.line,
            let own = entry.key.mark?.line
        else { throw missing(key) }
        guard start > own else {
            throw error(
                "\(full(key)) must stand on lines of its own", entry.value, advice: "break the line behind the colon")
        }
        let lines = Self.lines(of: yaml)
        let next = values.compactMap { $0.key.mark?.line }.filter { $0 > own }.min() ?? lines.count + 1
        let empty = String(repeating: "\n", count: start - 1)
        return empty + lines[(start - 1)..<min(next - 1, lines.count)].joined(separator: "\n") + "\n"
    }

    /// Lines as YAML counts them: each of its five breaks ends one.
    private static func lines(of yaml: String) -> [String] {
        var (lines, line) = ([String](), String.UnicodeScalarView())
        var previous: Unicode.Scalar?
        for scalar in yaml.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            if ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar) {
                lines.append(String(line))
                line = String.UnicodeScalarView()
            } else {
                line.append(scalar)
            }
        }
        return lines + [String(line)]
    }

    /// Whether `key` holds a single value, no mapping and no list.
    package func isScalar(_ key: String) -> Bool { node(key)?.scalar != nil }

    /// Whether `key` holds a list.
    package func isList(_ key: String) -> Bool { node(key)?.sequence != nil }

    /// The elements of a list under `key`, each as a section in which it stands under `name`; none where it is absent.
    package func elements(_ key: String, as name: String) throws(UserError) -> [YAMLSection] {
        guard let node = node(key), !Self.isNull(node) else { return [] }
        guard let sequence = node.sequence else {
            throw error("\(full(key)) must be a list", node, advice: "write it as [one, another]")
        }
        return sequence.enumerated().map { index, element in
            YAMLSection(value: element, name: name, path: "\(full(key))[\(index)]", file: file)
        }
    }

    private init(value: Node, name: String, path: String, file: String) {
        values = [(Node(name), value)]
        mark = value.mark
        self.path = path
        self.file = file
    }

    /// One value or a list of them: texts, numbers, truth values.
    package func scalars(_ key: String) throws(UserError) -> [Value] {
        guard let found = node(key) else { throw missing(key) }
        let nodes = found.sequence.map(Array.init) ?? [found]
        var result: [Value] = []
        for node in nodes {
            guard let scalar = node.scalar else { throw error("\(full(key)) must hold single values", node) }
            result.append(Self.plain(node).map(Self.typed) ?? .text(scalar.string))
        }
        return result
    }

    static func typed(_ text: String) -> Value {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        case "null", "~", "": .null
        default: Int64(text).map(Value.int) ?? Double(text).map(Value.double) ?? .text(text)
        }
    }

    /// A whole number within `range`; `fallback` where it is absent, an error where there is none.
    package func int(_ key: String, _ range: ClosedRange<Int>, default fallback: Int? = nil) throws(UserError) -> Int {
        guard let node = node(key) else {
            guard let fallback else { throw missing(key) }
            return fallback
        }
        guard let text = Self.plain(node), let value = Int(text) else {
            throw error("\(full(key)) must be a whole number", node)
        }
        guard range.contains(value) else {
            throw error("\(full(key)) must be from \(range.lowerBound) to \(range.upperBound)", node)
        }
        return value
    }

    /// A whole number of 64 bits without sign.
    package func unsigned(_ key: String, default fallback: UInt64) throws(UserError) -> UInt64 {
        guard let node = node(key) else { return fallback }
        guard let text = Self.plain(node), let value = UInt64(text) else {
            throw error("\(full(key)) must be a whole number from 0 to \(UInt64.max)", node)
        }
        return value
    }

    /// A decimal number within `range`, exactly, in units of 10^-`digits`.
    package func decimal(
        _ key: String, digits: Int, _ range: ClosedRange<Int64>, default fallback: Int64
    ) throws(UserError) -> Int64 {
        guard let node = node(key) else { return fallback }
        guard let text = Self.plain(node), let value = Decimal.parse(text, digits: digits) else {
            throw error("\(full(key)) must be a number with at most \(digits) decimals", node)
        }
        guard range.contains(value) else {
            let bounds = (range.lowerBound, range.upperBound)
            throw error(
                "\(full(key)) must be from \(Decimal.text(bounds.0, digits: digits)) to "
                    + Decimal.text(bounds.1, digits: digits), node)
        }
        return value
    }

    /// True or false.
    package func bool(_ key: String, default fallback: Bool) throws(UserError) -> Bool {
        guard let node = node(key) else { return fallback }
        switch Self.plain(node) {
        case "true": return true
        case "false": return false
        default: throw error("\(full(key)) must be true or false", node)
        }
    }

    /// Whether `key` is there and not null.
    package func has(_ key: String) -> Bool { node(key).map { !Self.isNull($0) } ?? false }

    // MARK: Errors

    /// An error at `key`'s value.
    package func error(_ what: String, key: String, advice: String = "", exitCode: ProcessExitCode = .configuration)
        -> UserError
    {
        error(what, node(key), advice: advice, exitCode: exitCode)
    }

    /// An error about a key that may not stand here.
    package func unknown(_ name: String, keys: [String]) -> UserError {
        unknown(name, values.first { $0.key.scalar?.string == name }?.key, keys: keys)
    }

    private func unknown(_ name: String, _ node: Node?, keys: [String]) -> UserError {
        let near = NearestName.of(name, among: keys).map { "did you mean \($0)? " } ?? ""
        let known = keys.isEmpty ? "no key may stand here" : "known keys: \(keys.joined(separator: ", "))"
        return error("unknown key \(full(name))", node, advice: near + known)
    }

    func missing(_ key: String) -> UserError {
        error("the key \(full(key)) is missing", nil, advice: "add it")
    }

    private func error(
        _ what: String, _ node: Node?, advice: String = "", exitCode: ProcessExitCode = .configuration
    ) -> UserError {
        UserError(what, at: Self.place(file, node?.mark ?? mark), advice: advice, exitCode: exitCode)
    }

    private static func place(_ file: String, _ mark: Mark?) -> String {
        mark.map { "\(file):\($0.line):\($0.column)" } ?? file
    }

    private static func unreadable(_ error: YamlError, file: String) -> UserError {
        let (problem, mark): (String, Mark?) =
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                (problem, mark)
            case .reader(let problem, _, _, _): (problem, nil)
            case .duplicatedKeysInMapping(let duplicates, let context):
                ("the key \(duplicates.joined(separator: ", ")) is given twice", context.mark)
            default: ("it cannot be read", nil)
            }
        return UserError(
            "the file is no valid YAML: \(problem)", at: place(file, mark),
            advice: "check indentation, colons and quotes there", exitCode: .configuration)
    }

    // MARK: Nodes

    func node(_ key: String) -> Node? { values.first { $0.key.scalar?.string == key }?.value }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The text of a scalar without quotes: the only form of numbers and truth values.
    static func plain(_ node: Node) -> String? {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return nil }
        return scalar.string
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let text = plain(node) else { return false }
        return text.isEmpty || text == "null" || text == "~"
    }
}
