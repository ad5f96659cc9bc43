import Hashing
import MessagePack

/// A recorded outcome as far as a turn can see it: without the prompt, whose hash says enough, and without what models
/// were refused before.
public struct RecordedOutcome: Hashable, Sendable {
    /// What it came to.
    public enum Content: Hashable, Sendable {
        /// A model's answer; nil with the reason where all attempts were rejected.
        case answer(String?, rejection: String)
        /// Vectors as little-endian floats, and the model that gave them.
        case vectors([[UInt8]], model: String)
    }

    /// Hash of what was asked.
    public var request: Digest128
    /// How it ended.
    public var content: Content

    /// An outcome of the request with that hash.
    public init(request: Digest128, content: Content) {
        self.request = request
        self.content = content
    }

    /// What a turn sees of a record.
    public init(_ record: OutcomeRecord) {
        request = record.request
        content =
            switch record.content {
            case .completion(_, let outcome): .answer(outcome.answer, rejection: outcome.rejection)
            case .embedding(let model, _, let vectors): .vectors(vectors, model: model)
            }
    }
}

/// A recorded outcome with the call that it belongs to, as it travels.
public struct RecordedCall: Hashable, Sendable {
    /// The call.
    public var call: CallID
    /// How it ended.
    public var outcome: RecordedOutcome

    /// A call and how it ended.
    public init(call: CallID, outcome: RecordedOutcome) {
        self.call = call
        self.outcome = outcome
    }
}

extension RecordedCall: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        call.pack(into: &packer)
        packer.pack(outcome.request)
        packer.packArray(count: 3)
        switch outcome.content {
        case .answer(let answer, let rejection):
            packer.pack(UInt64(0))
            if let answer { packer.pack(answer) } else { packer.packNil() }
            packer.pack(rejection)
        case .vectors(let vectors, let model):
            packer.pack(UInt64(1))
            packer.pack(model)
            packer.packArray(count: vectors.count)
            for vector in vectors { packer.packBinary(vector) }
        }
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("recorded call", count: 3)
        call = try CallID(from: &unpacker)
        let request = try unpacker.readDigest128()
        try unpacker.enter("recorded outcome", count: 3)
        switch try unpacker.readUInt() {
        case 0:
            let answer = try unpacker.readOptionalString()
            outcome = RecordedOutcome(
                request: request, content: .answer(answer, rejection: try unpacker.readString()))
        case 1:
            let model = try unpacker.readString()
            var vectors: [[UInt8]] = []
            for _ in 0..<(try unpacker.readArrayHeader()) { vectors.append(try unpacker.readBinary()) }
            outcome = RecordedOutcome(request: request, content: .vectors(vectors, model: model))
        default: throw DecodingFailure.range("recorded outcome")
        }
    }
}
