/// The vectors of an embedding server's answer, read without building its tree.
public enum EmbeddingReply {
    /// Most components of one vector that are accepted.
    public static let maximumDimension = 65_536

    /// Reads any of the forms that embedding servers answer in:
    /// - OpenAI's `{"data":[{"index":0,"embedding":[...]}]}`, where an embedding is an array of numbers or the
    ///   base64 of little-endian single-precision floats, and the result is in the order of `index`;
    /// - TEI's `[[...],[...]]`;
    /// - `{"embedding":[...]}` for one text.
    ///
    /// Throws unless all components are finite in single precision and the indices are 0 to n-1, each once.
    public static func read(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> [[Float]] {
        let document = try JSONDocument(bytes, limits: limits)
        return try document.withRoot { root throws(JSONError) in
            if root.kind == .array {
                var vectors: [[Float]] = []
                for element in root.elements { vectors.append(try vector(element, field: "[]")) }
                return vectors
            }
            if let data = root.member("data") { return try indexed(data) }
            guard let single = root.member("embedding") else { throw .missing(field: "data") }
            return [try vector(single, field: "embedding")]
        }
    }

    private static func indexed(_ data: JSONNode) throws(JSONError) -> [[Float]] {
        guard data.kind == .array else { throw .wrongType(field: "data", expected: "an array") }
        let count = data.elements.reduce(into: 0) { sum, _ in sum += 1 }
        var vectors = [[Float]?](repeating: nil, count: count)
        for (position, entry) in data.elements.enumerated() {
            let index = try entry.member("index").map { node throws(JSONError) in
                guard let index = node.int.flatMap({ Int(exactly: $0) }) else {
                    throw .wrongType(field: "data[].index", expected: "a whole number")
                }
                return index
            }
            guard let embedding = entry.member("embedding") else { throw .missing(field: "data[].embedding") }
            let place = index ?? position
            guard vectors.indices.contains(place), vectors[place] == nil else {
                throw .outOfRange(field: "data[].index")
            }
            vectors[place] = try vector(embedding, field: "data[].embedding")
        }
        // As many entries as places and none filled twice: every place is filled.
        return vectors.compactMap { $0 }
    }

    private static func vector(_ node: JSONNode, field: String) throws(JSONError) -> [Float] {
        if let text = node.utf8 {
            guard text.count <= (maximumDimension * 4 + 2) / 3 * 4 else { throw .outOfRange(field: field) }
            guard let vector = Base64Floats.decode(text) else {
                throw .wrongType(field: field, expected: "base64 of single-precision floats")
            }
            guard vector.allSatisfy(\.isFinite) else { throw .outOfRange(field: field) }
            return vector
        }
        guard node.kind == .array else { throw .wrongType(field: field, expected: "an array of numbers") }
        var vector: [Float] = []
        // An upper bound from the tape: a number takes two words.
        vector.reserveCapacity(min((node.end - node.index) / 2, maximumDimension))
        for element in node.elements {
            guard let number = element.double else { throw .wrongType(field: field, expected: "an array of numbers") }
            let component = Float(number)
            guard component.isFinite, vector.count < maximumDimension else { throw .outOfRange(field: field) }
            vector.append(component)
        }
        return vector
    }
}
