import Model
import Support

/// The prompt templates of a run, compiled and checked once, before anything is started.
public struct PromptLibrary: Sendable {
    /// File name extension of templates.
    public static let fileExtension = ".mustache"

    private let templates: [String: PromptTemplate]

    /// Compiles `sources`, texts of files by path without extension, against what a scenario declares.
    ///
    /// Every declared template that is not optional must be there, every file must be declared, and no template may
    /// use a field that is not. `folder` is where the files lie, for errors.
    public init(
        sources: [String: String], definitions: [TemplateDefinition], optional: Set<String> = [], folder: String
    ) throws(UserError) {
        let known = Dictionary(definitions.map { ($0.name, $0.fields) }) { $0 + $1 }
        var templates: [String: PromptTemplate] = [:]
        for (name, source) in sources.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let place = "\(folder)/\(name)\(Self.fileExtension)"
            guard let fields = known[name] else {
                let near = NearestName.of(name, among: known.keys).map { "did you mean \($0)? " } ?? ""
                throw UserError(
                    "the scenario has no template named \(name)", at: place,
                    advice: "\(near)rename or remove the file", exitCode: .configuration)
            }
            let template = try PromptTemplate(source, place: TemplatePlace(file: place))
            try template.check(fields: Set(fields))
            templates[name] = template
        }
        for definition in definitions where templates[definition.name] == nil && !optional.contains(definition.name) {
            let fields = definition.fields.isEmpty ? "none" : definition.fields.joined(separator: ", ")
            throw UserError(
                "the template \(definition.name) is missing", at: folder,
                advice: "write \(definition.name)\(Self.fileExtension); its fields: \(fields)",
                exitCode: .configuration)
        }
        self.templates = templates
    }

    /// Whether there is a template of that name.
    public func has(_ name: String) -> Bool { templates[name] != nil }

    /// The text of a template with `fields`, a map, put in; fields that are absent leave nothing. The scenario must
    /// have declared the template.
    public func render(_ name: String, fields: Value) -> String {
        guard let template = templates[name] else {
            preconditionFailure("the scenario renders the template \(name), which it does not declare")
        }
        return template.rendered(with: fields)
    }
}
