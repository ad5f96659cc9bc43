import Support
import SwiftCSV

/// A CSV file: a header and rows of as many texts.
public struct Table: Sendable, Equatable {
    /// Names of the columns.
    public var header: [String]
    /// The rows, each with a text for each column.
    public var rows: [[String]]
}

/// Reads CSV files as RFC 4180 has them: commas, quotes where needed, the first line names the columns.
public struct TableReader: Sendable {
    let file: String

    /// A reader; `file` is the name that errors use.
    public init(file: String) { self.file = file }

    /// The table in `bytes`. Throws where they are no table.
    public func table(in bytes: [UInt8]) throws(UserError) -> Table {
        guard bytes.count <= PopulationReader.maxBytes, var text = String(validating: bytes, as: UTF8.self) else {
            throw error(
                "the file is no UTF-8 text of at most \(PopulationReader.maxBytes >> 20) MiB",
                advice: "save it as UTF-8")
        }
        // Spreadsheets mark UTF-8 so.
        if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
        let csv: EnumeratedCSV
        do {
            csv = try EnumeratedCSV(string: text, delimiter: .comma, loadColumns: false)
        } catch {
            throw self.error("the file is no CSV: \(error)", advice: "check quotes and commas")
        }
        guard !csv.header.isEmpty, Set(csv.header).count == csv.header.count else {
            throw error("the first line does not name the columns, each once", advice: "write the names of the fields")
        }
        var rows: [[String]] = []
        for row in csv.rows where row != [""] {
            guard row.count == csv.header.count else {
                throw UserError(
                    "the record has \(row.count) values and the header \(csv.header.count)",
                    at: "\(file), record \(rows.count + 1)", advice: "write one value for each column",
                    exitCode: .dataError)
            }
            rows.append(row)
        }
        return Table(header: csv.header, rows: rows)
    }

    private func error(_ what: String, advice: String) -> UserError {
        UserError(what, at: file, advice: advice, exitCode: .dataError)
    }
}
