/// Finds anchors in a YAML text before it is composed.
///
/// A few nested anchors whose aliases stand in a mapping's key cost the composer hours, because it compares keys by
/// everything that they stand for. A configuration needs none, so none is read.
enum YAMLAnchors {
    /// The line of the first anchor, from 1; nil where there is none. What looks like an anchor inside of quotes or a
    /// comment counts as one: telling these apart would take a YAML reader, and must not fail in the other direction.
    static func firstLine(in yaml: String) -> Int? {
        var line = 1
        var previous = UInt8(ascii: "\n")
        var isBehindMark = false
        for byte in yaml.utf8 {
            if isBehindMark, byte > 0x20 { return line }
            // A mark behind a letter or digit belongs to a word.
            isBehindMark = byte == UInt8(ascii: "&") && !isWordByte(previous)
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return nil
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
