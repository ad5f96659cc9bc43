import Hashing

/// Vectors of texts: the sum of a random ±1 vector for each word and one for the whole text, made a unit vector.
/// Texts that share words are near each other, and no two texts have the same vector.
struct EmbeddingVectors {
    /// Most words whose vectors are kept; then all are forgotten and made again when they are needed.
    static let maximumWords = 8_192

    private let seed: UInt64
    private let dimension: Int
    private var words: [String: [Int8]] = [:]

    /// Vectors of `dimension` components, at least one.
    init(seed: UInt64, dimension: Int) {
        precondition(dimension > 0, "a vector needs a component")
        self.seed = seed
        self.dimension = dimension
    }

    /// The unit vector of a text.
    mutating func vector(_ text: String) -> [Float] {
        let whole = signs(text, kind: 1)
        var sum = whole.map(Int32.init)
        for word in Self.words(of: text) {
            add(vector(ofWord: word), to: &sum)
        }
        var squares: Int64 = 0
        for component in sum { squares += Int64(component) * Int64(component) }
        // The words may cancel out the text's own vector where there are few components.
        if squares == 0 {
            sum = whole.map(Int32.init)
            squares = Int64(dimension)
        }
        let scale = Float(1 / Double(squares).squareRoot())
        return sum.map { Float($0) * scale }
    }

    private func add(_ word: [Int8], to sum: inout [Int32]) {
        word.withUnsafeBufferPointer { word in
            sum.withUnsafeMutableBufferPointer { sum in
                for index in 0..<min(word.count, sum.count) { sum[index] &+= Int32(word[index]) }
            }
        }
    }

    private mutating func vector(ofWord word: String) -> [Int8] {
        if let known = words[word] { return known }
        let vector = signs(word, kind: 0)
        if words.count >= Self.maximumWords { words.removeAll(keepingCapacity: true) }
        words[word] = vector
        return vector
    }

    private func signs(_ text: String, kind: UInt64) -> [Int8] {
        let hash = HashBuilder.hash64(.emulatorVector) { builder in
            builder.append(seed)
            builder.append(kind)
            builder.append(text)
        }
        var generator = SeededGenerator(seed: hash)
        return [Int8](unsafeUninitializedCapacity: dimension) { buffer, count in
            for start in stride(from: 0, to: dimension, by: 64) {
                var bits = generator.next()
                for index in start..<min(start + 64, dimension) {
                    buffer[index] = bits & 1 == 0 ? 1 : -1
                    bits >>= 1
                }
            }
            count = dimension
        }
    }

    /// The words of a text in lower case: runs of ASCII letters and digits and of anything beyond ASCII. At most
    /// 4,096 bytes each.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        for byte in text.utf8 {
            let letter = byte.lowercased
            if letter >= 0x80 || (letter >= 0x61 && letter <= 0x7A) || (letter >= 0x30 && letter <= 0x39) {
                if word.count < 4_096 { word.append(letter) }
            } else if !word.isEmpty {
                words.append(String(decoding: word, as: UTF8.self))
                word.removeAll(keepingCapacity: true)
            }
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}
