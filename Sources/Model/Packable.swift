import Hashing
import MessagePack

/// What has one canonical MessagePack form. Equal values have equal bytes; decoding is total and never traps.
public protocol Packable: Sendable {
    /// Appends exactly one MessagePack value.
    func pack(into packer: inout Packer)
    /// Reads what `pack` wrote, or throws.
    init(from unpacker: inout Unpacker) throws
}

/// Why bytes are not what they should be, beyond MessagePack's own rules. Carries no contents.
public enum DecodingFailure: Error, Equatable, Sendable {
    /// A part is missing.
    case missing(String)
    /// A part has another shape than the one named.
    case unexpected(String)
    /// A map holds a key twice.
    case duplicateKey
    /// An array holds another number of parts.
    case count(of: String, found: Int, expected: Int)
    /// A number lies outside of its range.
    case range(String)
    /// The sender speaks a newer version of this message.
    case newerVersion(found: Int, known: Int)
}

extension Packable {
    /// The canonical bytes.
    public func packed() -> [UInt8] { Packer.bytes { pack(into: &$0) } }

    /// Decodes exactly one value that fills `bytes`.
    public init(packed bytes: [UInt8]) throws {
        var unpacker = try Unpacker(bytes)
        self = try Self(from: &unpacker)
        try unpacker.expectEnd()
    }
}

extension Packer {
    /// A derived identity, as sixteen bytes.
    public mutating func pack(_ digest: Digest128) { digest.withBytes { packBinary($0) } }
    /// A content hash, as 32 bytes.
    public mutating func pack(_ digest: Digest256) { digest.withBytes { packBinary($0) } }
    /// Values in order.
    public mutating func pack(_ values: [some Packable]) {
        packArray(count: values.count)
        for value in values { value.pack(into: &self) }
    }
    /// Texts in order.
    public mutating func pack(_ values: [String]) {
        packArray(count: values.count)
        for value in values { pack(value) }
    }
    /// A value or nil.
    public mutating func pack(optional value: (some Packable)?) {
        if let value { value.pack(into: &self) } else { packNil() }
    }
    /// A text or nil.
    public mutating func pack(optional value: String?) {
        if let value { pack(value) } else { packNil() }
    }
}

extension Unpacker {
    /// Enters an array that must hold exactly `count` parts.
    public mutating func enter(_ name: String, count: Int) throws {
        let found = try readArrayHeader()
        guard found == count else { throw DecodingFailure.count(of: name, found: found, expected: count) }
    }
    /// A derived identity.
    public mutating func readDigest128() throws -> Digest128 {
        try readBinary { Digest128($0) }
    }
    /// A content hash.
    public mutating func readDigest256() throws -> Digest256 {
        try readBinary { Digest256($0) }
    }
    /// A number from 0 to 2^32-1.
    public mutating func readUInt32() throws -> UInt32 {
        guard let value = UInt32(exactly: try readUInt()) else { throw DecodingFailure.range("32-bit number") }
        return value
    }
    /// A raw-valued case.
    public mutating func readCase<Case: RawRepresentable<UInt8>>(_ type: Case.Type) throws -> Case {
        guard let raw = UInt8(exactly: try readUInt()), let value = Case(rawValue: raw) else {
            throw DecodingFailure.range("\(type)")
        }
        return value
    }
    /// Values in order.
    public mutating func readList<Element: Packable>(_ type: Element.Type = Element.self) throws -> [Element] {
        let count = try readArrayHeader()
        var values: [Element] = []
        for _ in 0..<count { values.append(try Element(from: &self)) }
        return values
    }
    /// Texts in order.
    public mutating func readStrings() throws -> [String] {
        let count = try readArrayHeader()
        var values: [String] = []
        for _ in 0..<count { values.append(try readString()) }
        return values
    }
    /// A value or nil.
    public mutating func readIfPresent<Element: Packable>(_ type: Element.Type = Element.self) throws -> Element? {
        if peekType() == .nil {
            try readNil()
            return nil
        }
        return try Element(from: &self)
    }
    /// A text or nil.
    public mutating func readStringIfPresent() throws -> String? {
        if peekType() == .nil {
            try readNil()
            return nil
        }
        return try readString()
    }
}

extension AgentID: Packable {
    public func pack(into packer: inout Packer) { packer.pack(UInt64(number)) }
    public init(from unpacker: inout Unpacker) throws { self.init(number: try unpacker.readUInt32()) }
}

extension TurnID: Packable {
    public func pack(into packer: inout Packer) { packer.pack(digest) }
    public init(from unpacker: inout Unpacker) throws { self.init(digest: try unpacker.readDigest128()) }
}

extension CallID: Packable {
    public func pack(into packer: inout Packer) {
        packer.packArray(count: 2)
        packer.pack(turn.digest)
        packer.pack(UInt64(number))
    }
    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("call id", count: 2)
        self.init(turn: try TurnID(from: &unpacker), number: try unpacker.readUInt32())
    }
}
