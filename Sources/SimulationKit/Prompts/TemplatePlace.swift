/// Where a template's text stands, for errors.
package struct TemplatePlace: Sendable, Equatable {
    /// The file; where `firstLine` is nil, with the place in it.
    package var file: String
    /// The line on which the text begins, from 1; nil where its lines are not lines of the file.
    package var firstLine: Int?

    /// A place; see the properties. By default the text is the whole file.
    package init(file: String, firstLine: Int? = 1) {
        self.file = file
        self.firstLine = firstLine
    }

    /// The place of a line of the text, from 1.
    func text(line: Int) -> String { firstLine.map { "\(file):\($0 + line - 1)" } ?? file }
}
