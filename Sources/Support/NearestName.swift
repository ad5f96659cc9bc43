/// Finds the valid name that a mistyped one most likely meant.
public enum NearestName {
    /// The candidate with the smallest edit distance to `name`, if it is near enough to be worth proposing
    /// (at most a third of the length, and at least one edit allowed). Ties go to the first by UTF-8 order.
    public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(2, name.utf8.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            // Lengths alone tell most candidates apart, and a name from a hostile file may have megabytes.
            guard abs(candidate.utf8.count - name.utf8.count) <= limit else { continue }
            let distance = editDistance(Array(name.utf8), Array(candidate.utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// Levenshtein distance in bytes.
    static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let substitution = previous[column] + (byte == other ? 0 : 1)
                current.append(min(substitution, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
