import SimulationKit
import Support

/// The columns of a CSV file that somebody asked for, in that order; others are not looked at.
struct TableReaderColumns {
    /// The rows.
    let rows: [[String]]

    /// Reads the columns `names`. Throws where the file is no table or lacks one.
    init(file: String, names: [String], bytes: [UInt8]) throws(UserError) {
        let table = try TableReader(file: file).table(in: bytes)
        var places: [Int] = []
        for name in names {
            guard let place = table.header.firstIndex(of: name) else {
                throw UserError(
                    "the file has no column \(name)", at: file,
                    advice: "its first line has to name \(names.joined(separator: ", "))", exitCode: .dataError)
            }
            places.append(place)
        }
        rows = table.rows.map { row in places.map { row[$0] } }
    }
}
