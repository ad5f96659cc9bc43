/// Values that may be nil.
extension Unpacker {
    /// Reads nil as nil, and anything else with `read`. The compiler does not infer the typed error of a closure:
    /// write `{ (unpacker) throws(UnpackError) in ... }`, or take one of the readers below.
    public mutating func readOptional<Value>(
        _ read: (inout Unpacker) throws(UnpackError) -> Value
    ) throws(UnpackError) -> Value? {
        try readNilIfThere() ? nil : read(&self)
    }

    /// Reads a boolean or nil.
    public mutating func readOptionalBool() throws(UnpackError) -> Bool? { try readNilIfThere() ? nil : readBool() }

    /// Reads a signed integer or nil.
    public mutating func readOptionalInt() throws(UnpackError) -> Int64? { try readNilIfThere() ? nil : readInt() }

    /// Reads an integer that is not negative, or nil.
    public mutating func readOptionalUInt() throws(UnpackError) -> UInt64? {
        try readNilIfThere() ? nil : readUInt()
    }

    /// Reads a number or nil.
    public mutating func readOptionalDouble() throws(UnpackError) -> Double? {
        try readNilIfThere() ? nil : readDouble()
    }

    /// Reads a string or nil.
    public mutating func readOptionalString() throws(UnpackError) -> String? {
        try readNilIfThere() ? nil : readString()
    }

    /// Reads binary data or nil.
    public mutating func readOptionalBinary() throws(UnpackError) -> [UInt8]? {
        try readNilIfThere() ? nil : readBinary()
    }

    private mutating func readNilIfThere() throws(UnpackError) -> Bool {
        guard peekType() == .nil else { return false }
        try readNil()
        return true
    }
}
