/// One value of a parsed text: a place on simdjson's tape (format: simdjson's doc/tape.md).
///
/// A word holds the type in its top byte and a payload in the rest. Integers and doubles take a second word; the
/// payload of an opening bracket holds in its low 32 bits the index behind the closing one.
struct JSONNode {
    let words: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>
    let index: Int

    /// The type letter of the tape: one of `{ [ " l u d t f n`.
    enum Kind: UInt8 {
        case object = 0x7B
        case array = 0x5B
        case string = 0x22
        case int = 0x6C
        case uint = 0x75
        case double = 0x64
        case yes = 0x74
        case no = 0x66
        case null = 0x6E
        /// A closing bracket or the root's frame: never a value.
        case other = 0
    }

    var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: words[index] >> 56)) ?? .other }

    private var payload: UInt64 { words[index] & 0x00FF_FFFF_FFFF_FFFF }

    /// The index behind this value.
    var end: Int {
        switch kind {
        case .object, .array: Int(payload & 0xFFFF_FFFF)
        case .int, .uint, .double: index + 2
        default: index + 1
        }
    }

    /// The bytes of a string, after unescaping; nil for another kind.
    var utf8: UnsafeBufferPointer<UInt8>? {
        guard kind == .string else { return nil }
        let start = strings + Int(payload)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    var string: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

    var int: Int64? {
        switch kind {
        case .int: Int64(bitPattern: words[index + 1])
        case .uint: Int64(exactly: words[index + 1])
        default: nil
        }
    }

    var double: Double? {
        switch kind {
        case .double: Double(bitPattern: words[index + 1])
        case .int: Double(Int64(bitPattern: words[index + 1]))
        case .uint: Double(words[index + 1])
        default: nil
        }
    }

    /// The elements of an array; none for another kind.
    var elements: JSONNodeElements {
        guard kind == .array else { return JSONNodeElements(place: self, end: index) }
        return JSONNodeElements(place: at(index + 1), end: end - 1)
    }

    /// The members of an object, in the text's order; none for another kind.
    var members: JSONNodeMembers {
        guard kind == .object else { return JSONNodeMembers(place: self, end: index) }
        return JSONNodeMembers(place: at(index + 1), end: end - 1)
    }

    /// The last member of that name, as most parsers decide; nil where there is none.
    func member(_ name: StaticString) -> JSONNode? {
        var found: JSONNode?
        for (key, value) in members where key.is(name) { found = value }
        return found
    }

    /// Whether this is a string of exactly these bytes.
    func `is`(_ name: StaticString) -> Bool {
        guard let utf8, utf8.count == name.utf8CodeUnitCount else { return false }
        return utf8.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    fileprivate func at(_ index: Int) -> JSONNode { JSONNode(words: words, strings: strings, index: index) }
}

/// Walks the elements of an array.
struct JSONNodeElements: Sequence, IteratorProtocol {
    fileprivate var place: JSONNode
    fileprivate let end: Int

    mutating func next() -> JSONNode? {
        guard place.index < end else { return nil }
        defer { place = place.at(place.end) }
        return place
    }
}

/// Walks the members of an object.
struct JSONNodeMembers: Sequence, IteratorProtocol {
    fileprivate var place: JSONNode
    fileprivate let end: Int

    mutating func next() -> (key: JSONNode, value: JSONNode)? {
        guard place.index < end else { return nil }
        let value = place.at(place.index + 1)
        defer { place = place.at(value.end) }
        return (place, value)
    }
}
