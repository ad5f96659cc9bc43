import Hashing
import MessagePack

/// A call with how it ended, as the recorder keeps it. Identity and request hash together are its key: the same
/// identity under another hash is another call, and void unless a commit names it.
public struct OutcomeRecord: Hashable, Sendable {
    /// The call.
    public var call: CallID
    /// The root of the tree that the call belongs to.
    public var root: TurnID
    /// The root's partition: whoever holds it may ask for the outcome again.
    public var partition: UInt32
    /// The round.
    public var round: UInt32
    /// The agent that called.
    public var agent: AgentID
    /// Hash of what was asked.
    public var request: Digest128
    /// What was asked and how it ended.
    public var content: Content

    /// The two kinds of calls whose outcomes are recorded; an ask's answer follows from those below it.
    public enum Content: Hashable, Sendable {
        /// A call to an LLM.
        case completion(CompletionSpec, CompletionOutcome)
        /// Vectors of texts: little-endian IEEE half floats, one vector for each text. Texts travel with them.
        case embedding(model: String, texts: [String], vectors: [[UInt8]])
    }

    /// A record with these parts.
    public init(
        call: CallID, root: TurnID, partition: UInt32, round: UInt32, agent: AgentID, request: Digest128,
        content: Content
    ) {
        self.call = call
        self.root = root
        self.partition = partition
        self.round = round
        self.agent = agent
        self.request = request
        self.content = content
    }

    /// Hash of what the turn can see of the outcome.
    public var resultHash: Digest128 {
        switch content {
        case .completion(_, let outcome): outcome.resultHash
        case .embedding(_, _, let vectors): OutcomeRecord.resultHash(vectors: vectors)
        }
    }

    /// Hash of the vectors that an embedding call returned.
    public static func resultHash(vectors: [[UInt8]]) -> Digest128 {
        HashBuilder.hash128(.result) { hash in
            hash.append(UInt64(vectors.count))
            for vector in vectors { hash.append(vector) }
        }
    }

    /// Hash of what an embedding call asks for.
    public static func requestHash(embedding texts: [String], model: String) -> Digest128 {
        HashBuilder.hash128(.request) { hash in
            hash.append(model)
            hash.append(UInt64(texts.count))
            for text in texts { hash.append(text) }
        }
    }
}

/// An outcome as a commit names it: the recorder accepts the commit only if exactly this outcome is durable.
public struct OutcomeName: Hashable, Sendable {
    /// The call.
    public var call: CallID
    /// Hash of what was asked.
    public var request: Digest128
    /// Hash of how it ended.
    public var result: Digest128

    /// The outcome of `call` under these hashes.
    public init(call: CallID, request: Digest128, result: Digest128) {
        self.call = call
        self.request = request
        self.result = result
    }
}

/// Content address of a text: under this the recorder keeps prompt segments and vectors.
public func contentHash(_ text: String) -> Digest128 {
    HashBuilder.hash128(.content) { $0.append(text) }
}

extension OutcomeName: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        call.pack(into: &packer)
        packer.pack(request)
        packer.pack(result)
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("outcome name", count: 3)
        self.init(
            call: try CallID(from: &unpacker), request: try unpacker.readDigest128(),
            result: try unpacker.readDigest128())
    }
}

extension OutcomeRecord: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 7)
        call.pack(into: &packer)
        root.pack(into: &packer)
        packer.pack(UInt64(partition))
        packer.pack(UInt64(round))
        agent.pack(into: &packer)
        packer.pack(request)
        switch content {
        case .completion(let spec, let outcome):
            packer.packArray(count: 3)
            packer.pack(UInt64(0))
            spec.pack(into: &packer)
            outcome.pack(into: &packer)
        case .embedding(let model, let texts, let vectors):
            packer.packArray(count: 4)
            packer.pack(UInt64(1))
            packer.pack(model)
            packer.pack(texts)
            packer.packArray(count: vectors.count)
            for vector in vectors { packer.packBinary(vector) }
        }
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("outcome record", count: 7)
        let call = try CallID(from: &unpacker)
        let root = try TurnID(from: &unpacker)
        let partition = try unpacker.readUInt32()
        let round = try unpacker.readUInt32()
        let agent = try AgentID(from: &unpacker)
        let request = try unpacker.readDigest128()
        let parts = try unpacker.readArrayHeader()
        switch (try unpacker.readUInt(), parts) {
        case (0, 3):
            let spec = try CompletionSpec(from: &unpacker)
            self.init(
                call: call, root: root, partition: partition, round: round, agent: agent, request: request,
                content: .completion(spec, try CompletionOutcome(from: &unpacker)))
        case (1, 4):
            let model = try unpacker.readString()
            let texts = try unpacker.readStrings()
            let count = try unpacker.readArrayHeader()
            guard count == texts.count else {
                throw DecodingFailure.count(of: "vectors", found: count, expected: texts.count)
            }
            var vectors: [[UInt8]] = []
            for _ in 0..<count { vectors.append(try unpacker.readBinary()) }
            self.init(
                call: call, root: root, partition: partition, round: round, agent: agent, request: request,
                content: .embedding(model: model, texts: texts, vectors: vectors))
        default: throw DecodingFailure.range("outcome content")
        }
    }
}

extension OutcomeRecord {
    /// Bytes that the packed outcome takes, about: pages and batches are bounded, not measured.
    public var estimatedBytes: Int {
        switch content {
        case .completion(let spec, let outcome):
            spec.messages.reduce(256 + (outcome.answer?.utf8.count ?? 0) + outcome.rejection.utf8.count) {
                sum, message in
                sum + message.segments.reduce(0) { $0 + $1.utf8.count }
            }
        case .embedding(_, let texts, let vectors):
            vectors.reduce(texts.reduce(128) { $0 + $1.utf8.count }) { $0 + $1.count }
        }
    }
}
