import Hashing
import MessagePack
import Model

/// An agent's *head*: everything but the entries of long-term memory, which a snapshot keeps apart because they
/// mostly grow. Canonical: equal states have equal heads.
extension AgentState {
    /// Version of a head's shape, its first part. The second is how many entries long-term memory has lost: recordings
    /// are verified with these two alone.
    private static let headVersion: UInt64 = 2
    private static let headParts = 9

    /// Packs the head. `chain` stands for all entries of long-term memory.
    public func packedHead(_ chain: MemoryChain) -> [UInt8] {
        precondition(Int(chain.count) == memory.longCount, "a head's chain covers the whole long-term memory")
        return Packer.bytes { packer in
            packer.packArray(count: Self.headParts)
            packer.pack(Self.headVersion)
            packer.pack(UInt64(chain.forgotten))
            Value.map(fields).pack(into: &packer)
            Self.pack(memory.short, into: &packer)
            Self.pack(memory.pending, into: &packer)
            packer.pack(memory.accumulator)
            packer.packArray(count: inbox.count)
            for message in inbox {
                packer.packArray(count: 3)
                message.sender.pack(into: &packer)
                packer.pack(message.subject)
                message.body.pack(into: &packer)
            }
            packer.pack(memory.lastLongTime)
            packer.packArray(count: 2)
            packer.pack(UInt64(chain.count))
            packer.pack(chain.hash)
        }
    }

    /// Restores a state from its head; all of its long-term memory is archived, and `chain` tells what it must be.
    /// Throws `UnpackError` or `DecodingFailure` for bytes that are no head.
    public static func restored(head: [UInt8]) throws -> (state: AgentState, chain: MemoryChain) {
        var unpacker = try Unpacker(head)
        let count = try unpacker.readArrayHeader()
        guard count > 0 else { throw DecodingFailure.missing("version of a head") }
        let version = try unpacker.readUInt32()
        guard version == headVersion else {
            throw DecodingFailure.newerVersion(found: Int(version), known: Int(headVersion))
        }
        guard count == headParts else {
            throw DecodingFailure.count(of: "head", found: count, expected: headParts)
        }
        let forgotten = try unpacker.readUInt32()
        var state = AgentState()
        guard case .map(let fields) = try Value(from: &unpacker) else {
            throw DecodingFailure.unexpected("fields that are no map")
        }
        state.fields = fields
        let short = try entries(&unpacker)
        let pending = try entries(&unpacker)
        let accumulator = try unpacker.readInt()
        for _ in 0..<(try unpacker.readArrayHeader()) {
            try unpacker.enter("message", count: 3)
            state.inbox.append(
                InboxMessage(
                    sender: try AgentID(from: &unpacker), subject: try unpacker.readString(),
                    body: try Value(from: &unpacker)))
        }
        let lastTime = try unpacker.readInt()
        try unpacker.enter("chain", count: 2)
        let chain = MemoryChain(
            forgotten: forgotten, count: try unpacker.readUInt32(), hash: try unpacker.readDigest128())
        guard chain.count > 0 || (chain == MemoryChain(forgotten: forgotten) && (lastTime == 0 || forgotten > 0))
        else {
            throw DecodingFailure.range("chain of an empty memory")
        }
        try unpacker.expectEnd()
        state.memory = MemoryState(
            short: short, pending: pending, accumulator: accumulator, archived: Int(chain.count),
            lastLongTime: lastTime)
        return (state, chain)
    }

    private static func pack(_ entries: [MemoryState.Entry], into packer: inout Packer) {
        packer.packArray(count: entries.count)
        for entry in entries {
            packer.packArray(count: 2)
            packer.pack(entry.text)
            packer.pack(entry.time)
        }
    }

    private static func entries(_ unpacker: inout Unpacker) throws -> [MemoryState.Entry] {
        var entries: [MemoryState.Entry] = []
        for _ in 0..<(try unpacker.readArrayHeader()) {
            try unpacker.enter("memory", count: 2)
            entries.append(MemoryState.Entry(text: try unpacker.readString(), time: try unpacker.readInt()))
        }
        return entries
    }
}
