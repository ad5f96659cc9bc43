/// Writes JSON text by appending to one byte array: no tree, no intermediate strings.
///
/// Commas are its own business; that keys and values alternate and brackets match is the caller's. A `String` is
/// always valid Unicode, so no lone surrogate can be written.
public struct JSONWriter: Sendable {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private var depth = 0

    /// An empty text, with room for `capacity` bytes.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Forgets the text and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
        depth = 0
    }

    /// Opens an object.
    public mutating func beginObject() { open(0x7B) }

    /// Closes the innermost object.
    public mutating func endObject() { close(0x7D) }

    /// Opens an array.
    public mutating func beginArray() { open(0x5B) }

    /// Closes the innermost array.
    public mutating func endArray() { close(0x5D) }

    /// The key of the value that follows.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A string, escaped.
    public mutating func value(_ string: String) {
        separate()
        quote(string)
    }

    /// A string made of parts that are written one after another, without joining them first.
    public mutating func value(joining parts: some Sequence<String>) {
        separate()
        bytes.append(0x22)
        for part in parts { escape(part) }
        bytes.append(0x22)
    }

    /// A whole number.
    public mutating func value(_ number: Int) { value(Int64(number)) }

    /// A whole number.
    public mutating func value(_ number: Int64) {
        separate()
        if number < 0 { bytes.append(0x2D) }
        digits(number.magnitude)
    }

    /// A whole number.
    public mutating func value(_ number: UInt64) {
        separate()
        digits(number)
    }

    /// A number in the shortest form that reads back to the same value; JSON has no infinity and no NaN, they
    /// become `null`.
    public mutating func value(_ number: Double) {
        guard number.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: number.description.utf8)
    }

    /// A number in the shortest form that reads back to the same single-precision value; see the double's.
    public mutating func value(_ number: Float) {
        guard number.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: number.description.utf8)
    }

    /// A truth value.
    public mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    /// The literal `null`.
    public mutating func null() { raw("null") }

    /// A value that is JSON text already. It is not looked at: never pass what came from outside unparsed.
    public mutating func raw(_ text: [UInt8]) {
        separate()
        bytes.append(contentsOf: text)
    }

    /// A value that is JSON text already, known when the program was written.
    public mutating func raw(_ text: StaticString) {
        separate()
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Any value; see `JSONValue.serialized` for `sortedKeys`.
    public mutating func value(_ value: JSONValue, sortedKeys: Bool = false) {
        switch value {
        case .null: null()
        case .bool(let flag): self.value(flag)
        case .int(let number): self.value(number)
        case .uint(let number): self.value(number)
        case .double(let number): self.value(number)
        case .string(let string): self.value(string)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element, sortedKeys: sortedKeys) }
            endArray()
        case .object(let object):
            beginObject()
            for member in sortedKeys ? object.sortedMembers : object.members {
                key(member.key)
                self.value(member.value, sortedKeys: sortedKeys)
            }
            endObject()
        }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ bracket: UInt8) {
        precondition(depth > 0, "a bracket is closed that was not opened")
        bytes.append(bracket)
        needsComma = true
        depth -= 1
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func digits(_ number: UInt64) {
        guard number > 9 else { return bytes.append(0x30 + UInt8(number)) }
        bytes.append(contentsOf: number.description.utf8)
    }

    private mutating func quote(_ string: String) {
        bytes.append(0x22)
        escape(string)
        bytes.append(0x22)
    }

    private mutating func escape(_ string: String) {
        var string = string
        string.withUTF8 { appendEscaped($0, to: &bytes) }
    }
}

extension JSONObject {
    /// The members by the UTF-8 bytes of their keys; duplicates keep their order.
    fileprivate var sortedMembers: [Member] {
        members.enumerated().sorted { left, right in
            if left.element.key == right.element.key { return left.offset < right.offset }
            return left.element.key.utf8.lexicographicallyPrecedes(right.element.key.utf8)
        }.map(\.element)
    }
}
