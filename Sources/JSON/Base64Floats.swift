/// Vectors of single-precision floats as base64 (RFC 4648, with padding) of their little-endian bytes, the form
/// that OpenAI's embedding endpoint calls `base64`.
public enum Base64Floats {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    /// The vector; nil where the text is not base64 or its bytes are no whole number of floats.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [Float]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        let padding = text.suffix(2).reduce(0) { $0 + ($1 == 0x3D ? 1 : 0) }
        var group: UInt32 = 0
        var letters = 0
        let values = values
        for letter in text.dropLast(padding) {
            let value = values[Int(letter)]
            guard value != 0xFF else { return nil }
            group = group << 6 | UInt32(value)
            letters += 1
            if letters % 4 == 0 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
            }
        }
        if padding == 1 {
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        } else if padding == 2 {
            bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        }
        guard bytes.count % 4 == 0 else { return nil }
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    /// The text of a vector.
    public static func encode(_ vector: [Float]) -> String {
        let size = vector.count * 4
        // A local copy: a static is guarded by a check at every use.
        let alphabet = alphabet
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            for (index, component) in vector.enumerated() {
                let bits = component.bitPattern
                for byte in 0..<4 { buffer[index * 4 + byte] = UInt8(truncatingIfNeeded: bits >> (8 * UInt32(byte))) }
            }
            count = size
        }
        return String(unsafeUninitializedCapacity: (size + 2) / 3 * 4) { text in
            var written = 0
            for start in stride(from: 0, to: size, by: 3) {
                let left = min(3, size - start)
                var group = UInt32(bytes[start]) << 16
                if left > 1 { group |= UInt32(bytes[start + 1]) << 8 }
                if left > 2 { group |= UInt32(bytes[start + 2]) }
                for letter in 0..<4 {
                    text[written + letter] =
                        letter <= left ? alphabet[Int(group >> (18 - 6 * UInt32(letter))) & 63] : 0x3D
                }
                written += 4
            }
            return written
        }
    }
}
