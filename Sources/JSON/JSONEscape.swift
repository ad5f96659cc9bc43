/// Appends the inside of a JSON string: runs of ordinary bytes are copied whole, `"`, `\` and control characters
/// are escaped. Bytes from 0x80 on pass as they are, since JSON text is UTF-8.
func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
    guard let start = text.baseAddress else { return }
    var clean = 0
    var index = 0
    while index < text.count {
        // Eight bytes at a time while none needs an escape (Lamport's SWAR tests; exact enough: a false alarm only
        // costs the slow path below).
        if index + 8 <= text.count {
            let word = UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self)
            if mayNeedEscape(word) == 0 {
                index += 8
                continue
            }
        }
        let stop = min(index + 8, text.count)
        while index < stop {
            let byte = start[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C {
                output.append(contentsOf: UnsafeBufferPointer(start: start + clean, count: index - clean))
                appendEscape(of: byte, to: &output)
                clean = index + 1
            }
            index += 1
        }
    }
    output.append(contentsOf: UnsafeBufferPointer(start: start + clean, count: text.count - clean))
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

private func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
    output.append(0x5C)
    switch byte {
    case 0x22, 0x5C: output.append(byte)
    case 0x08: output.append(0x62)
    case 0x09: output.append(0x74)
    case 0x0A: output.append(0x6E)
    case 0x0C: output.append(0x66)
    case 0x0D: output.append(0x72)
    default:
        output.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + (byte >> 4)])
        output.append((byte & 15) < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15))
    }
}
