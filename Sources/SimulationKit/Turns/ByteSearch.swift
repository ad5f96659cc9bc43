import Glibc

/// Finds bytes in bytes.
enum ByteSearch {
    /// Offset of the first place where `needle` stands in `haystack`, nil where it does not or is empty.
    static func first(of needle: UnsafeBufferPointer<UInt8>, in haystack: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = haystack.baseAddress, let sought = needle.baseAddress, needle.count > 0 else { return nil }
        var offset = 0
        while offset + needle.count <= haystack.count {
            let room = haystack.count - needle.count - offset + 1
            guard let hit = memchr(start + offset, Int32(sought.pointee), room) else { return nil }
            offset = UnsafeRawPointer(hit) - UnsafeRawPointer(start)
            if memcmp(start + offset, sought, needle.count) == 0 { return offset }
            offset += 1
        }
        return nil
    }
}
