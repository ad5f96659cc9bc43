import Support

extension PromptTemplate {
    /// Compiles a template's text, which stands at `place`.
    ///
    /// A section's tag or comment alone on a line takes the whole line with it, as Mustache wants.
    package init(_ source: String, place: TemplatePlace) throws(UserError) {
        self.place = place
        var parser = Parser(source: Array(source.utf8), place: place)
        nodes = try parser.parse()
    }

    private struct Parser {
        let source: [UInt8]
        let place: TemplatePlace
        var position = 0
        var line = 1
        /// Open sections, innermost last; the first is the template itself.
        var open: [(name: Name, inverted: Bool, nodes: [Node])] = [(Name(parts: [], line: 0), false, [])]

        /// Sections within sections at most.
        static let maxDepth = 16

        init(source: [UInt8], place: TemplatePlace) {
            self.source = source
            self.place = place
        }

        mutating func parse() throws(UserError) -> [Node] {
            while let start = find("{{", from: position) {
                var textEnd = start
                let isTriple = source.dropFirst(start + 2).first == UInt8(ascii: "{")
                let inside = start + (isTriple ? 3 : 2)
                line += source[position..<start].count { $0 == UInt8(ascii: "\n") }
                guard let close = find(isTriple ? "}}}" : "}}", from: inside) else {
                    throw error("a tag is opened by {{ and never closed", advice: "close it with }}")
                }
                var end = close + (isTriple ? 3 : 2)
                let tag = trimmed(inside..<close)
                let lines = source[inside..<close].count { $0 == UInt8(ascii: "\n") }
                let kind = isTriple ? nil : tag.first
                let standsAlone = kind.map { "#^/!".utf8.contains($0) } ?? false
                if standsAlone, let range = wholeLine(around: start..<end) {
                    textEnd = range.lowerBound
                    end = range.upperBound
                }
                add(text: position..<max(position, textEnd))
                try add(tag: tag, kind: kind)
                line += lines
                // A line end that a tag took with it still counts.
                line += source[close..<end].count { $0 == UInt8(ascii: "\n") }
                position = end
            }
            add(text: position..<source.count)
            guard open.count == 1 else {
                line = open[open.count - 1].name.line
                throw error(
                    "the section \(open[open.count - 1].name.text) is never closed",
                    advice: "close it with {{/\(open[open.count - 1].name.text)}}")
            }
            return open[0].nodes
        }

        private mutating func add(text range: Range<Int>) {
            guard !range.isEmpty else { return }
            append(.text(String(decoding: source[range], as: UTF8.self)))
        }

        private mutating func append(_ node: Node) { open[open.count - 1].nodes.append(node) }

        private mutating func add(tag: ArraySlice<UInt8>, kind: UInt8?) throws(UserError) {
            switch kind {
            case UInt8(ascii: "!"): break
            case UInt8(ascii: "#"), UInt8(ascii: "^"):
                guard open.count <= Self.maxDepth else {
                    throw error("sections are nested more than \(Self.maxDepth) deep")
                }
                open.append((try name(tag.dropFirst()), kind == UInt8(ascii: "^"), []))
            case UInt8(ascii: "/"):
                let name = try name(tag.dropFirst())
                let section = open[open.count - 1]
                guard open.count > 1, section.name.parts == name.parts else {
                    throw error(
                        "{{/\(name.text)}} closes no open section",
                        advice: open.count > 1 ? "the open section is \(section.name.text)" : "")
                }
                open.removeLast()
                append(
                    section.inverted ? .inverted(section.name, section.nodes) : .section(section.name, section.nodes))
            case UInt8(ascii: ">"):
                throw error("templates cannot include one another", advice: "write the text out instead of {{>")
            case UInt8(ascii: "="), UInt8(ascii: "$"), UInt8(ascii: "<"), UInt8(ascii: "%"):
                throw error(
                    "this kind of tag is not understood",
                    advice: "use {{field}}, {{#section}}, {{^section}} or {{!comment}}")
            case UInt8(ascii: "&"): append(.variable(try name(tag.dropFirst())))
            default: append(.variable(try name(tag)))
            }
        }

        private func name(_ bytes: ArraySlice<UInt8>) throws(UserError) -> Name {
            let text = String(decoding: trimmed(bytes.startIndex..<bytes.endIndex), as: UTF8.self)
            if text == "." { return Name(parts: [], line: line) }
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard !text.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isNameByte) }) else {
                throw error(
                    "{{\(text)}} names no field", advice: "names are letters, digits and _, with dots between parts")
            }
            return Name(parts: parts, line: line)
        }

        private static func isNameByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }

        private func find(_ text: StaticString, from start: Int) -> Int? {
            let count = text.utf8CodeUnitCount
            guard source.count >= start + count else { return nil }
            return text.withUTF8Buffer { sought in
                (start...source.count - count).first { source[$0..<$0 + count].elementsEqual(sought) }
            }
        }

        private func trimmed(_ range: Range<Int>) -> ArraySlice<UInt8> {
            func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
            var slice = source[range].drop(while: isSpace)
            while let last = slice.last, isSpace(last) { slice.removeLast() }
            return slice
        }

        /// The tag's line with its end, where nothing but blanks stands around the tag.
        private func wholeLine(around tag: Range<Int>) -> Range<Int>? {
            func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
            var start = tag.lowerBound
            while start > 0, isBlank(source[start - 1]) { start -= 1 }
            guard start == 0 || source[start - 1] == UInt8(ascii: "\n") else { return nil }
            var end = tag.upperBound
            while end < source.count, isBlank(source[end]) { end += 1 }
            if end == source.count { return start..<end }
            if source[end] == UInt8(ascii: "\r"), end + 1 < source.count { end += 1 }
            return source[end] == UInt8(ascii: "\n") ? start..<end + 1 : nil
        }

        private func error(_ what: String, advice: String = "") -> UserError {
            UserError(what, at: place.text(line: line), advice: advice, exitCode: .configuration)
        }
    }
}
