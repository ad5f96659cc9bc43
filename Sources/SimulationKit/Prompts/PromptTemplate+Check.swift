import Support

extension PromptTemplate {
    /// Checks that the template uses no other fields than `fields`, in which a section's inner ones are written
    /// `section.field`.
    package func check(fields: Set<String>) throws(UserError) {
        try Self.check(nodes, prefixes: [""], fields: fields, place: place)
    }

    private static func check(
        _ nodes: [Node], prefixes: [String], fields: Set<String>, place: TemplatePlace
    ) throws(UserError) {
        for node in nodes {
            switch node {
            case .text: break
            case .variable(let name): _ = try path(of: name, prefixes: prefixes, fields: fields, place: place)
            case .section(let name, let inner):
                let path = try path(of: name, prefixes: prefixes, fields: fields, place: place)
                try check(inner, prefixes: prefixes + [path + "."], fields: fields, place: place)
            case .inverted(let name, let inner):
                _ = try path(of: name, prefixes: prefixes, fields: fields, place: place)
                try check(inner, prefixes: prefixes, fields: fields, place: place)
            }
        }
    }

    /// The full path of the field that a name means here: the innermost section's first, then outwards.
    private static func path(
        of name: Name, prefixes: [String], fields: Set<String>, place: TemplatePlace
    ) throws(UserError) -> String {
        if name.parts.isEmpty, prefixes.count > 1 { return prefixes[prefixes.count - 1] }
        for prefix in prefixes.reversed() where fields.contains(prefix + name.text) { return prefix + name.text }
        var usable: Set<String> = []
        for prefix in prefixes {
            for field in fields where field.hasPrefix(prefix) { usable.insert(String(field.dropFirst(prefix.count))) }
        }
        let near = NearestName.of(name.text, among: usable).map { "did you mean \($0)? " } ?? ""
        let known = usable.sorted().joined(separator: ", ")
        throw UserError(
            "there is no field \(name.text) here", at: place.text(line: name.line),
            advice: "\(near)\(known.isEmpty ? "this template has no fields" : "fields: \(known)")",
            exitCode: .configuration)
    }
}
