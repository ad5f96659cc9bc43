import JSON
import SimulationKit

/// What model servers answer: the first byte chooses the reader.
enum ReplyReading {
    private static let readers: [@Sendable ([UInt8]) throws -> Void] = [
        completion, refusal, vectors, value, answer, tokens,
    ]

    static func check(_ input: [UInt8]) throws {
        guard let (read, bytes) = choice(of: readers, by: input) else { return }
        try read(bytes)
    }

    private static func completion(_ bytes: [UInt8]) { _ = try? ChatCompletionReply.read(bytes) }

    private static func tokens(_ bytes: [UInt8]) throws(BrokenPromise) {
        switch try? TokenCountReply.read(bytes) {
        case .conversation(let count), .texts(let count):
            try BrokenPromise.unless(count >= 0, "a count of tokens is negative")
        case nil: break
        }
    }

    private static func refusal(_ bytes: [UInt8]) { _ = try? APIErrorReply.read(bytes) }

    private static func vectors(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let vectors = try? EmbeddingReply.read(bytes) else { return }
        try BrokenPromise.unless(vectors.joined().allSatisfy(\.isFinite), "a component of a vector is not finite")
    }

    private static func value(_ bytes: [UInt8]) throws(BrokenPromise) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        let again = try? JSONValue(parsing: value.serialized())
        try BrokenPromise.unless(again == value, "a written JSON value reads back as another")
        let sorted = value.serialized(sortedKeys: true)
        try BrokenPromise.unless(
            (try? JSONValue(parsing: sorted))?.serialized(sortedKeys: true) == sorted,
            "the sorted form of a JSON value is not the same twice")
    }

    /// Free text of a model, as memory's questions read it.
    private static func answer(_ bytes: [UInt8]) throws(BrokenPromise) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let rating = ReplyParser.rating(text) {
            try BrokenPromise.unless((1...10).contains(rating), "a rating is not from 1 to 10")
        }
        for line in ReplyParser.questions(text) + ReplyParser.insights(text) {
            try BrokenPromise.unless(line.utf8.count <= ReplyParser.maxBytes, "a line of a reply is not bounded")
        }
    }
}
