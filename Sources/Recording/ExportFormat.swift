/// The formats that tables are written out in.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// Comma-separated values as in RFC 4180, a header line first.
    case csv
    /// A JSON object on each line.
    case jsonl
}

/// A value of a table on its way out.
enum ExportValue {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// Binary data: written as hexadecimal digits.
    case blob([UInt8])

    init(_ row: SQLStatement, _ column: Int32) {
        switch SQLColumnType(row.type(column)) {
        case .null: self = .null
        case .integer: self = .integer(row.int(column))
        case .real: self = .real(row.double(column))
        case .text: self = .text(row.text(column))
        case .blob: self = .blob(row.blob(column))
        }
    }
}

extension ExportFormat {
    /// The line before the first row, nil where the format has none.
    func header(_ columns: [String]) -> String? {
        switch self {
        case .csv: columns.map(ExportFormat.quoted).joined(separator: ",") + "\r\n"
        case .jsonl: nil
        }
    }

    /// A row as a line, its end included.
    func line(_ columns: [String], _ values: [ExportValue]) -> String {
        switch self {
        case .csv: return values.map(ExportFormat.csv).joined(separator: ",") + "\r\n"
        case .jsonl:
            var text = "{"
            for (index, (column, value)) in zip(columns, values).enumerated() {
                if index > 0 { text += "," }
                JSONText.appendQuoted(column, to: &text)
                text += ":"
                ExportFormat.appendJSON(value, to: &text)
            }
            return text + "}\n"
        }
    }

    private static func csv(_ value: ExportValue) -> String {
        switch value {
        case .null: ""
        case .integer(let value): String(value)
        case .real(let value): "\(value)"
        case .text(let text): quoted(text)
        case .blob(let bytes): hexadecimal(bytes)
        }
    }

    private static func appendJSON(_ value: ExportValue, to text: inout String) {
        switch value {
        case .null: text += "null"
        case .integer(let value): text += String(value)
        case .real(let value): text += value.isFinite ? "\(value)" : "null"
        case .text(let value): JSONText.appendQuoted(value, to: &text)
        case .blob(let bytes): text += "\"\(hexadecimal(bytes))\""
        }
    }

    /// A CSV field; an empty text is quoted, so that it can be told from no value.
    private static func quoted(_ text: String) -> String {
        let special: [UInt8] = [0x22, 0x2c, 0x0a, 0x0d]
        guard text.isEmpty || text.utf8.contains(where: { special.contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
