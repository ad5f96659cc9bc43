import Hashing

/// Vectors that outlive the process, by the hash of text and format, all of one model.
protocol VectorArchive: AnyObject {
    /// A vector of `bytes` bytes; nil where none is kept, or what is kept is damaged.
    func vector(_ key: Digest128, bytes: Int) -> [UInt8]?
    /// Keeps a vector if it can.
    func keep(_ key: Digest128, _ vector: [UInt8])
}
