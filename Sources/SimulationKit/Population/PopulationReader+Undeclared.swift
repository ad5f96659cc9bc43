import JSON
import Model
import Support

extension PopulationReader {
    /// The records of a population file as it has them, without a type that says what their fields are; at least one.
    /// Either all have an id, each its own, or none has.
    ///
    /// A CSV column is read as the kind that all its cells are: whole numbers, numbers, truth values, lists, maps, and
    /// texts where nothing else fits.
    package static func undeclared(
        in bytes: [UInt8], format: PopulationFormat, file: String
    ) throws(UserError) -> [JSONObject] {
        var reader = PopulationReader(
            type: AgentTypeDefinition(name: "record", fields: []), format: format, file: file)
        let values: [JSONValue]
        switch format {
        case .json: values = try reader.elements(in: bytes)
        case .jsonl: values = try reader.lines(in: bytes)
        case .csv:
            reader = PopulationReader(type: try columns(of: bytes, file), format: format, file: file)
            values = try reader.cells(in: bytes)
        case .gensim, .drawn:
            throw reader.error(
                "the format \(format.rawValue) cannot be read without a scenario",
                advice: "give a file of records: json, jsonl or csv; `coordinator population` draws records to one")
        }
        guard let first = values.first else {
            throw reader.error("the population has no records", advice: "add at least one")
        }
        let haveIDs = first["id"] != nil
        var numbers: [String: Int] = [:]
        var objects: [JSONObject] = []
        objects.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            let number = index + 1
            guard let object = value.objectValue else {
                throw reader.error(
                    "the record is not a JSON object", record: number, advice: "write {\"field\": value, ...}")
            }
            guard Set(object.keys).count == object.members.count else {
                throw reader.error("a field is given twice", record: number, advice: "keep one")
            }
            guard (object["id"] != nil) == haveIDs else {
                throw reader.error(
                    "some records have an id and others have none", record: number, field: "id",
                    advice: "give all records an id, or none")
            }
            if let id = object["id"],
                let earlier = numbers.updateValue(number, forKey: try reader.id(id, record: number))
            {
                throw reader.error(
                    "the id is used by record \(earlier) already", record: number, field: "id",
                    advice: "give every record an id of its own")
            }
            objects.append(object)
        }
        return objects
    }

    /// A type with a field for each column of a table; ids are texts.
    private static func columns(of bytes: [UInt8], _ file: String) throws(UserError) -> AgentTypeDefinition {
        let table = try TableReader(file: file).table(in: bytes)
        var fields: [FieldDefinition] = []
        for (index, name) in table.header.enumerated() where !FieldDefinition.isReserved(name) {
            let kind = name == "id" ? .text : kind(of: table.rows.lazy.map { $0[index] }.filter { !$0.isEmpty })
            fields.append(FieldDefinition(name, kind))
        }
        return AgentTypeDefinition(name: "record", fields: fields)
    }

    private static func kind(of cells: some Sequence<String>) -> FieldDefinition.Kind {
        var left: [FieldDefinition.Kind] = [.int, .number, .bool, .list, .map]
        var isEmpty = true
        for cell in cells {
            isEmpty = false
            guard let json = try? JSONValue(parsing: Array(cell.utf8)) else { return .text }
            let value = Value(json)
            left.removeAll { !$0.accepts(value) }
            if left.isEmpty { return .text }
        }
        return isEmpty ? .text : left[0]
    }
}
