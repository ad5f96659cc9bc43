/// Bytes of text that are escaped at a time.
private let chunkSize = 512

/// Appends the inside of a JSON string: `"`, `\` and control characters are escaped, all other bytes pass as they
/// are, since JSON text is UTF-8.
///
/// Escapes into a buffer on the stack, a piece of the text at a time, because an array that grows at every escape
/// costs three times as much.
func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: chunkSize * 6, alignment: 8) { scratch in
        var start = 0
        while start < text.count {
            let end = min(start + chunkSize, text.count)
            let written = escape(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[start..<end]), scratch)
            output.append(contentsOf: scratch[..<written])
            start = end
        }
    }
}

/// Escapes into `output`, which has room for six bytes for each of the text's; returns how many were written.
private func escape(_ text: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) -> Int {
    var written = 0
    var index = 0
    while index < text.count {
        // Eight bytes at a time while none needs an escape (Lamport's SWAR tests; a false alarm only costs the
        // slow path below).
        if index + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if mayNeedEscape(word) == 0 {
                output.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                index += 8
                written += 8
                continue
            }
        }
        let stop = min(index + 8, text.count)
        while index < stop {
            let byte = text[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C {
                written += escape(byte, output, at: written)
            } else {
                output[written] = byte
                written += 1
            }
            index += 1
        }
    }
    return written
}

/// Non-zero if one of the eight bytes is below 0x20, a quotation mark or a backslash.
private func mayNeedEscape(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    let control = (word &- ones &* 0x20) & ~word
    let quote = word ^ (ones &* 0x22)
    let slash = word ^ (ones &* 0x5C)
    return (control | ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)) & high
}

/// Writes the escape of one byte; returns its length.
private func escape(_ byte: UInt8, _ output: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
    output[place] = 0x5C
    let letter: UInt8
    switch byte {
    case 0x22, 0x5C: letter = byte
    case 0x08: letter = 0x62
    case 0x09: letter = 0x74
    case 0x0A: letter = 0x6E
    case 0x0C: letter = 0x66
    case 0x0D: letter = 0x72
    default:
        output[place + 1] = 0x75
        output[place + 2] = 0x30
        output[place + 3] = 0x30
        output[place + 4] = 0x30 + (byte >> 4)
        output[place + 5] = (byte & 15) < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15)
        return 6
    }
    output[place + 1] = letter
    return 2
}
