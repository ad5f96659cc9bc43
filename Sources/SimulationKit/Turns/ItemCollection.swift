import Hashing
import Model
import Vectors

/// A collection ready for search: its distinct texts with their vectors, and the items behind each text.
public struct ItemCollection: Sendable {
    /// The collection's name.
    public let name: String
    private let search: ExactSearch
    private let itemsByText: [[Int]]
    private let agents: [AgentID?]

    /// The distinct texts of a definition, in the order of their first appearance: what has to be embedded.
    public static func distinctTexts(of definition: CollectionDefinition) -> [String] {
        var seen: Set<String> = []
        return definition.items.compactMap { seen.insert($0.text).inserted ? $0.text : nil }
    }

    /// A collection from its definition and the vectors of `distinctTexts`, in that order.
    public init(_ definition: CollectionDefinition, vectors: [FixedVector]) throws(VectorError) {
        var indexes: [String: Int] = [:]
        var items: [[Int]] = []
        for (place, item) in definition.items.enumerated() {
            if let index = indexes[item.text] {
                items[index].append(place)
            } else {
                indexes[item.text] = items.count
                items.append([place])
            }
        }
        precondition(vectors.count == items.count, "a collection needs one vector for each distinct text")
        name = definition.name
        agents = definition.items.map(\.agent)
        itemsByText = items
        var search = ExactSearch(dimension: vectors.first?.dimension ?? 1, capacity: vectors.count)
        for vector in vectors { try search.append(vector) }
        self.search = search
    }

    /// The items behind the `count` nearest distinct texts, nearest first, by their places in the definition; where
    /// several share a text, the generator picks one.
    public func nearest(to query: FixedVector, count: Int, generator: inout SeededGenerator) -> [Int] {
        search.nearest(to: query, count: count).map { match in
            let copies = itemsByText[match.index]
            return copies.count == 1 ? copies[0] : copies[generator.below(copies.count)]
        }
    }

    /// The agent that the item at `place` is; nil for a thing.
    public func agent(at place: Int) -> AgentID? { agents[place] }
}

/// How a collection's vectors are kept in a run's files.
extension ItemCollection {
    /// Path of the file with the vectors of a collection.
    public static func vectorsPath(of name: String) -> String { "collections/\(name).f16" }

    /// A collection from its definition and the file of its vectors: those of all distinct texts, one after another.
    /// Nil where the file does not fit the definition and dimension.
    public init?(_ definition: CollectionDefinition, packedVectors bytes: [UInt8], dimension: Int) throws(VectorError) {
        let texts = Self.distinctTexts(of: definition)
        guard dimension > 0,
            let width = [2, 4].map({ $0 * dimension }).first(where: { bytes.count == texts.count * $0 })
        else { return nil }
        var vectors: [FixedVector] = []
        for index in texts.indices {
            vectors.append(
                try FixedVector(bytes: Array(bytes[index * width..<(index + 1) * width]), dimension: dimension))
        }
        try self.init(definition, vectors: vectors)
    }
}
