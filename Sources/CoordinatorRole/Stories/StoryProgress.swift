import Foundation
import Support

/// What has been asked and answered so far, read from the lines of its file as they come.
struct StoryProgress: Sendable {
    /// Longest line, in bytes.
    static let maxLine = 64 << 20

    /// The settings of the first line; nil where there is none.
    private(set) var settings: StorySettings?
    /// Stories by the number of their record.
    private(set) var stories: [Int: String] = [:]
    /// Attempts of records without a story.
    private(set) var attempts: [Int: UInt32] = [:]
    /// Bytes of whole lines.
    private(set) var bytes = 0
    private var lines = 0
    private let file: String

    /// Nothing yet; `file` is the name that errors use.
    init(file: String) { self.file = file }

    /// Takes a line in, without its end.
    mutating func take(line: some Collection<UInt8>) throws(UserError) {
        lines += 1
        let data = Data(line)
        if lines == 1 {
            guard let settings = try? Self.decoder.decode(StorySettings.self, from: data) else { throw damaged() }
            self.settings = settings
        } else {
            guard let entry = try? Self.decoder.decode(StoryEntry.self, from: data), entry.record > 0,
                (entry.story == nil) != (entry.failure == nil)
            else { throw damaged() }
            take(entry)
        }
        bytes += data.count + 1
    }

    /// Takes the line in on which the file ends without a line end: a whole one counts, a torn one does not. Returns
    /// whether it counted.
    mutating func take(unfinished line: [UInt8]) -> Bool {
        let before = self
        do {
            try take(line: line)
            return true
        } catch {
            self = before
            return false
        }
    }

    /// Notes what was asked and answered.
    mutating func take(_ entry: StoryEntry) {
        if let story = entry.story {
            stories[entry.record] = story
            attempts[entry.record] = nil
        } else if stories[entry.record] == nil {
            attempts[entry.record] = entry.attempts
        }
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private func damaged() -> UserError {
        UserError(
            "the line cannot be read", at: "\(file):\(lines)",
            advice: "cut the file off before it: what stood behind is asked again", exitCode: .dataError)
    }
}
