import CMsgpack

/// Writes MessagePack into a growing buffer of its own, through msgpack-c.
///
/// Integers, lengths and counts take their shortest form, so that equal values give equal bytes. The caller keeps
/// the counts of arrays and maps; nothing checks that as many elements follow.
public struct Packer: ~Copyable {
    // msgpack-c's packer keeps a pointer to its buffer, so that both need an address that never moves.
    private let writer: UnsafeMutablePointer<cmsgpack_writer>
    private var packer: UnsafeMutablePointer<msgpack_packer> { cmsgpack_writer_packer(writer) }
    private var buffer: UnsafeMutablePointer<msgpack_sbuffer> { cmsgpack_writer_buffer(writer) }

    /// An empty packer; memory for the bytes is taken at the first write.
    public init() {
        writer = .allocate(capacity: 1)
        writer.initialize(to: cmsgpack_writer())
        msgpack_packer_init(packer, buffer, msgpack_sbuffer_write)
    }

    deinit {
        msgpack_sbuffer_destroy(buffer)
        writer.deinitialize(count: 1)
        writer.deallocate()
    }

    /// The bytes that `body` writes.
    public static func bytes(_ body: (inout Packer) throws -> Void) rethrows -> [UInt8] {
        var packer = Packer()
        try body(&packer)
        return packer.bytes()
    }

    /// Number of bytes written so far.
    public var count: Int { buffer.pointee.size }

    /// A copy of what was written.
    public func bytes() -> [UInt8] { withUnsafeBytes { Array($0) } }

    /// Gives `body` what was written, without a copy; the pointer must not leave it.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: buffer.pointee.data, count: buffer.pointee.size))
    }

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() { msgpack_sbuffer_clear(buffer) }

    /// Writes nil.
    public mutating func packNil() { check(msgpack_pack_nil(packer)) }

    /// Writes a boolean.
    public mutating func pack(_ value: Bool) {
        check(value ? msgpack_pack_true(packer) : msgpack_pack_false(packer))
    }

    /// Writes an integer.
    public mutating func pack(_ value: Int64) { check(msgpack_pack_int64(packer, value)) }

    /// Writes an integer.
    public mutating func pack(_ value: UInt64) { check(msgpack_pack_uint64(packer, value)) }

    /// Writes an integer.
    public mutating func pack(_ value: Int) { pack(Int64(value)) }

    /// Writes an integer.
    public mutating func pack(_ value: UInt32) { pack(UInt64(value)) }

    /// Writes a double, always in eight bytes; a number that is none gets one fixed pattern.
    public mutating func pack(_ value: Double) {
        check(msgpack_pack_double(packer, value.isNaN ? Double.nan : value))
    }

    /// Writes a string in UTF-8.
    public mutating func pack(_ value: String) {
        var value = value
        let packer = packer
        let status = value.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { msgpack_pack_str_with_body(packer, $0.baseAddress, $0.count) }
        }
        check(status)
    }

    /// Writes binary data.
    public mutating func packBinary(_ value: [UInt8]) { value.withUnsafeBytes { packBinary($0) } }

    /// Writes binary data.
    public mutating func packBinary(_ value: UnsafeRawBufferPointer) {
        check(msgpack_pack_bin(packer, value.count))
        append(value)
    }

    /// Writes the header of an array; its `count` elements follow.
    public mutating func packArray(count: Int) { check(msgpack_pack_array(packer, count)) }

    /// Writes the header of a map; its `count` keys, each followed by its value, follow.
    public mutating func packMap(count: Int) { check(msgpack_pack_map(packer, count)) }

    /// Writes whole values that are packed already.
    public mutating func packRaw(_ value: [UInt8]) { value.withUnsafeBytes { append($0) } }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        check(msgpack_sbuffer_write(buffer, start.assumingMemoryBound(to: CChar.self), bytes.count))
    }

    private func check(_ status: Int32) {
        precondition(status == 0, "out of memory while packing")
    }
}
