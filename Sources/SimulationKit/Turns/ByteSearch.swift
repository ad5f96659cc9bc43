import Glibc

/// Finds bytes in bytes.
enum ByteSearch {
    /// Offset of the first place where `needle` stands in `haystack`, nil where it does not or is empty.
    static func first(of needle: UnsafeBufferPointer<UInt8>, in haystack: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = haystack.baseAddress, let sought = needle.baseAddress, needle.count > 0,
            let found = memmem(start, haystack.count, sought, needle.count)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }
}
