import JSON
import Support

extension GPUParameters {
    /// Reads the file of `--gpu-model`: one JSON object. `place` is the file, for errors. A field that is unknown,
    /// missing or out of its range is refused, so that no misspelt figure goes unnoticed.
    public init(parsing bytes: [UInt8], at place: String) throws(UserError) {
        var reader = try FieldReader(bytes, place: place)
        self.init(
            name: try reader.text("name"), source: try reader.text("source"),
            prefillTokensPerSecond: try reader.rate("prefill_tokens_per_second"),
            decodeTokensPerSecond: try reader.rate("decode_tokens_per_second"),
            kvReadTokensPerSecond: try reader.optionalRate("kv_read_tokens_per_second"),
            kvTokens: try reader.count("kv_tokens", in: 1...1_000_000_000),
            blockTokens: try reader.count("block_tokens", in: 1...4_096, default: 16),
            maximumSequences: try reader.count("max_sequences", in: 1...65_536, default: 256),
            maximumBatchedTokens: try reader.count("max_batched_tokens", in: 1...1_000_000, default: 2_048),
            prefixCache: try reader.flag("prefix_cache", default: true))
        try reader.finish()
        guard (1...Self.maximumBlocks).contains(blockCount) else {
            throw UserError(
                "kv_tokens must be from one block to \(Self.maximumBlocks) blocks of block_tokens", at: place,
                exitCode: .configuration)
        }
    }

    /// Most blocks of one model: each costs the emulator some thirty bytes.
    static let maximumBlocks = 16 << 20
}

/// Takes fields out of an object one by one and knows which are left.
private struct FieldReader {
    private let place: String
    private var fields: JSONObject

    init(_ bytes: [UInt8], place: String) throws(UserError) {
        self.place = place
        do {
            guard let object = try JSONValue(parsing: bytes, limits: JSONLimits(maximumBytes: 1 << 20)).objectValue
            else { throw JSONError.wrongType(field: "the file", expected: "an object") }
            fields = object
        } catch {
            throw UserError(
                "the GPU model cannot be read: \(error)", at: place,
                advice: "see services/llm-emulator/README.md for its fields", exitCode: .configuration)
        }
    }

    mutating func text(_ name: String) throws(UserError) -> String {
        guard let value = take(name) else { return "" }
        guard let text = value.stringValue else { throw wrong(name, "a text") }
        return text
    }

    mutating func rate(_ name: String) throws(UserError) -> Double {
        guard let rate = try optionalRate(name) else { throw wrong(name, "given") }
        return rate
    }

    mutating func optionalRate(_ name: String) throws(UserError) -> Double? {
        guard let value = take(name) else { return nil }
        guard let rate = value.doubleValue, (1e-3...1e12).contains(rate) else {
            throw wrong(name, "a number of tokens per second from 0.001 to 1e12")
        }
        return rate
    }

    mutating func count(_ name: String, in range: ClosedRange<Int>, default: Int? = nil) throws(UserError) -> Int {
        guard let value = take(name) else {
            guard let standard = `default` else { throw wrong(name, "given") }
            return standard
        }
        guard let count = value.intValue, range.contains(count) else {
            throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    mutating func flag(_ name: String, default standard: Bool) throws(UserError) -> Bool {
        guard let value = take(name) else { return standard }
        guard let flag = value.boolValue else { throw wrong(name, "true or false") }
        return flag
    }

    func finish() throws(UserError) {
        guard let unknown = fields.keys.first else { return }
        throw wrong(unknown, "left out: a GPU model has no such field")
    }

    private mutating func take(_ name: String) -> JSONValue? {
        defer { fields[name] = nil }
        return fields[name]
    }

    private func wrong(_ name: String, _ expected: String) -> UserError {
        UserError(
            "\(name) must be \(expected)", at: place, advice: "see services/llm-emulator/README.md for the fields",
            exitCode: .configuration)
    }
}
