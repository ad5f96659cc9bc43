import JSON
import Model
import Support

extension PopulationReader {
    /// The records of a CSV file as JSON objects: a cell is read as its field's kind asks. An empty one gives nothing.
    func cells(in bytes: [UInt8]) throws(UserError) -> [JSONValue] {
        let table = try TableReader(file: file).table(in: bytes)
        let kinds = table.header.map { name in
            type.fields.first { $0.name == name || $0.aliases.contains(name) }?.kind
        }
        var records: [JSONValue] = []
        records.reserveCapacity(table.rows.count)
        for (index, row) in table.rows.enumerated() {
            var members: [JSONObject.Member] = []
            for (column, text) in row.enumerated() where !text.isEmpty {
                let name = table.header[column]
                guard let value = Self.value(text, kinds[column] ?? .text) else {
                    throw error(
                        "\(text.prefix(60)) is no \(kinds[column]?.rawValue ?? "text")", record: index + 1, field: name,
                        advice: "numbers are written 12 or 1.5, truth values true or false, lists and maps as JSON")
                }
                members.append(JSONObject.Member(key: name, value: value))
            }
            records.append(.object(JSONObject(members)))
        }
        return records
    }

    private static func value(_ text: String, _ kind: FieldDefinition.Kind) -> JSONValue? {
        switch kind {
        case .text: return .string(text)
        case .bool: return text == "true" ? true : text == "false" ? false : nil
        case .int, .number, .list, .map: return try? JSONValue(parsing: Array(text.utf8))
        }
    }
}
