import JSON
import Recording
import SimulationKit

/// What agents really said, for the summary.
enum Quotes {
    private static let count = 2
    private static let longest = 160

    /// The first lines of the event that the scenario names; none where they cannot be read.
    static func lines(_ scenario: any Scenario, _ recording: String) -> [String] {
        guard let name = scenario.quotedEvent, let reader = try? RecordingReader(path: recording) else { return [] }
        // A summary without quotes is still a summary: nothing here keeps a run from ending well.
        defer { try? reader.close() }
        let events = (try? reader.events(named: name, limit: count)) ?? []
        return events.compactMap { line($0.details) }
    }

    /// `Speaker: "text"` of details in JSON, cut to a length that a terminal shows.
    static func line(_ details: String) -> String? {
        guard case .object(let object)? = try? JSONValue(parsing: Array(details.utf8)),
            case .string(let speaker)? = object["speaker"], case .string(let text)? = object["text"]
        else { return nil }
        let flat = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let clean = String(flat.unicodeScalars.filter { $0.properties.generalCategory != .control })
        return "\(speaker): \"\(clean.count > longest ? clean.prefix(longest) + "..." : clean[...])\""
    }
}
