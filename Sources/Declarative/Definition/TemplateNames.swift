/// Finds the names that a Mustache template uses, section or variable, wherever they stand.
enum TemplateNames {
    /// Each name by its parts between dots. Whether the template is well formed is for the kit to say.
    static func names(in source: String) -> Set<[String]> {
        var found: Set<[String]> = []
        var rest = Substring(source)
        while let open = rest.firstRange(of: "{{") {
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { break }
            let tag = rest[..<close.lowerBound].drop { "#^/ {&".contains($0) }
            rest = rest[close.upperBound...]
            let name = tag.prefix { !$0.isWhitespace && $0 != "}" }
            if !name.isEmpty, !name.hasPrefix("!") { found.insert(name.split(separator: ".").map(String.init)) }
        }
        return found
    }
}
