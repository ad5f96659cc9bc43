import JSON
import Model
import Support

/// Reads the records of a population file and checks each against its type. Errors name file, record and field.
public struct PopulationReader: Sendable {
    /// Largest file that is read, in bytes.
    public static let maxBytes = 512 << 20
    /// Longest id, in bytes.
    public static let maxIDBytes = 128

    let type: AgentTypeDefinition
    let format: PopulationFormat
    let file: String

    /// A reader of records of `type`; `file` is the name that errors use.
    public init(type: AgentTypeDefinition, format: PopulationFormat, file: String) {
        self.type = type
        self.format = format
        self.file = file
    }

    /// The records in `bytes`, at least one, with ids that are distinct within the file.
    public func records(in bytes: [UInt8]) throws(UserError) -> [ProfileRecord] {
        let values =
            switch format {
            case .json, .gensim: try elements(in: bytes)
            case .jsonl: try lines(in: bytes)
            case .csv: try cells(in: bytes)
            case .drawn: throw error("distributions are no records", advice: "give their number, too: count: 1000")
            }
        guard !values.isEmpty else { throw error("the population has no records", advice: "add at least one") }
        var records: [ProfileRecord] = []
        records.reserveCapacity(values.count)
        var numbers: [String: Int] = [:]
        for (index, value) in values.enumerated() {
            let record = try record(value, number: index + 1)
            if let earlier = numbers.updateValue(index + 1, forKey: record.id) {
                throw error(
                    "the id \(record.id) is used by record \(earlier) already", record: index + 1, field: "id",
                    advice: "give every record an id of its own")
            }
            records.append(record)
        }
        return records
    }

    private func record(_ value: JSONValue, number: Int) throws(UserError) -> ProfileRecord {
        guard var object = value.objectValue else {
            throw error("the record is not a JSON object", record: number, advice: "write {\"field\": value, ...}")
        }
        if format == .gensim {
            guard let arguments = object["args"]?.objectValue else {
                throw error(
                    "the record has no object args", record: number, field: "args",
                    advice: "format gensim wants {\"class\": ..., \"args\": {...}}; format json takes plain records")
            }
            object = arguments
        }
        var values: [String: Value] = [:]
        var id: String?
        for member in object.members {
            if member.key == "id", format != .gensim {
                id = try self.id(member.value, record: number)
                continue
            }
            guard let field = type.fields.first(where: { $0.name == member.key || $0.aliases.contains(member.key) })
            else {
                // The original's records say where its servers run, too.
                if format == .gensim { continue }
                throw unknown(member.key, record: number)
            }
            let value = Value(member.value)
            guard value != .null else { continue }
            guard field.kind.accepts(value) else {
                throw error(
                    "the value is no \(field.kind.rawValue)", record: number, field: member.key,
                    advice: "a \(type.name)'s \(field.name) is a \(field.kind.rawValue)")
            }
            guard values.updateValue(value, forKey: field.name) == nil else {
                throw error("the field is given twice", record: number, field: member.key, advice: "keep one")
            }
        }
        try checkComplete(values, record: number)
        return ProfileRecord(id: id ?? derivedID(number), values: values, type: type)
    }

    /// A record from values that were drawn.
    func record(_ values: [String: Value], number: Int) throws(UserError) -> ProfileRecord {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let field = type.fields.first(where: { $0.name == name }) else {
                throw unknown(name, record: number)
            }
            guard field.kind.accepts(value) else {
                throw error(
                    "the value is no \(field.kind.rawValue)", record: number, field: name,
                    advice: "a \(type.name)'s \(name) is a \(field.kind.rawValue)")
            }
        }
        try checkComplete(values, record: number)
        return ProfileRecord(id: derivedID(number), values: values, type: type)
    }

    private func checkComplete(_ values: [String: Value], record number: Int) throws(UserError) {
        for field in type.fields where values[field.name] == nil && field.initial == nil {
            throw error(
                "the field \(field.name) is missing", record: number, field: field.name,
                advice: "every \(type.name) needs a \(field.kind.rawValue) named \(field.name)")
        }
    }

    func id(_ value: JSONValue, record: Int) throws(UserError) -> String {
        guard let id = value.stringValue, !id.isEmpty, id.utf8.count <= Self.maxIDBytes,
            // The mark of copies, see Population, and what would break lines of a table.
            !id.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 < 32 || $0 == 127 })
        else {
            throw error(
                "the id is not usable", record: record, field: "id",
                advice: "an id is a text of 1 to \(Self.maxIDBytes) bytes without ~ and control characters")
        }
        return id
    }

    /// The type's name and the record's number with at least four digits.
    private func derivedID(_ number: Int) -> String {
        let digits = String(number)
        return "\(type.name)-" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    private func unknown(_ key: String, record: Int) -> UserError {
        let names = type.fields.map(\.name)
        let near = NearestName.of(key, among: names + ["id"]).map { "did you mean \($0)? " } ?? ""
        return error(
            "a \(type.name) has no field \(key)", record: record, field: key,
            advice: "\(near)fields: \((["id"] + names).joined(separator: ", "))")
    }

    func error(_ what: String, record: Int? = nil, field: String? = nil, advice: String) -> UserError {
        var place = file
        if let record { place += ", record \(record)" }
        if let field { place += ", field \(field)" }
        return UserError(what, at: place, advice: advice, exitCode: .dataError)
    }
}
