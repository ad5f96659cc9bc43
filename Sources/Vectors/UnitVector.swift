/// Vectors as models give them, made one long.
public enum UnitVector {
    /// `components` scaled to length 1.
    ///
    /// The one place where floating point shapes a vector: whoever receives it from a model does this once, and
    /// everybody else computes from the recorded bytes.
    public static func of(_ components: [Float]) throws(VectorError) -> [Float] {
        guard !components.isEmpty else { throw .empty }
        var square = 0.0
        for component in components {
            guard component.isFinite else { throw .notFinite }
            square += Double(component) * Double(component)
        }
        guard square > 0 else { throw .zeroLength }
        let length = square.squareRoot()
        return components.map { Float(Double($0) / length) }
    }
}
