import Foundation
import Hashing
import JSON
import Model
import SimulationKit
import Support

/// A record of a population that gets a story.
struct StoryRecord: Sendable, Equatable {
    /// Its place in the file, from 1.
    var number: Int
    /// Its id, where the file gives one.
    var id: String?
    /// Its fields in the file's order, the id included.
    var fields: JSONObject

    /// What errors call it.
    var name: String { id ?? "record \(number)" }

    /// What its seeds derive from: the id, so that a record keeps them wherever it stands in the file. `~` is in no id.
    var key: String { id ?? "~\(number)" }

    /// The record with its story, as one line of JSON.
    func line(_ field: String, _ story: String) -> [UInt8] {
        var told = fields
        told[field] = .string(story)
        return JSONValue.object(told).serialized() + [UInt8(ascii: "\n")]
    }
}

/// The records of a file, and what the file held.
struct StoryPopulation: Sendable {
    /// The records in the file's order.
    var records: [StoryRecord]
    /// Hash of the file's content.
    var hash: Digest128

    /// Reads the file, whose name says how it is written. No record may have a story in `field` already.
    init(file: String, field: String) throws(UserError) {
        let formats: [String: PopulationFormat] = [
            "json": .json, "jsonl": .jsonl, "csv": .csv, "yaml": .drawn, "yml": .drawn,
        ]
        guard let format = formats[URL(fileURLWithPath: file).pathExtension] else {
            throw UserError(
                "the file's name does not say how it is written", at: file,
                advice: "give a file that ends in .json, .jsonl or .csv", exitCode: .usage)
        }
        guard let data = FileManager.default.contents(atPath: file), data.count <= PopulationReader.maxBytes else {
            throw UserError(
                "the file cannot be read, or is larger than \(PopulationReader.maxBytes >> 20) MiB", at: file,
                advice: "check its path", exitCode: .noInput)
        }
        let objects = try PopulationReader.undeclared(in: Array(data), format: format, file: file)
        records = objects.enumerated().map { index, object in
            StoryRecord(number: index + 1, id: object["id"]?.stringValue, fields: object)
        }
        for record in records {
            guard let told = record.fields[field], told != .null, told != "" else { continue }
            throw UserError(
                "the record has a field \(field) already", at: "\(file), \(record.name)",
                advice: "name another by --field", exitCode: .dataError)
        }
        hash = contentHash(String(decoding: data, as: UTF8.self))
    }
}
