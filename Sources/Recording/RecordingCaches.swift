/// How much memory the writer of a recording spends on what it would else read again.
public struct RecordingCaches: Sendable {
    /// Bytes of database pages.
    var pages: Int
    /// Bytes of texts whose numbers are known, about.
    var texts: Int

    /// Caches of so many bytes in all: two fifths for pages, three for texts, which each call brings several of.
    public init(bytes: Int = 80 << 20) {
        pages = bytes / 5 * 2
        texts = bytes / 5 * 3
    }
}
