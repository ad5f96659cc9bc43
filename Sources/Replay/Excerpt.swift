/// Long texts cut to where they begin to differ.
enum Excerpt {
    /// Characters shown before the first difference.
    static let before = 80
    /// Characters shown from there on.
    static let after = 240

    /// Both texts around their first difference, with marks where something was left out.
    static func pair(_ left: String, _ right: String) -> (String, String) {
        var common = 0
        for (one, other) in zip(left, right) {
            guard one == other else { break }
            common += 1
        }
        return (around(common, left), around(common, right))
    }

    /// The beginning of a text.
    static func start(_ text: String) -> String { around(0, text) }

    private static func around(_ place: Int, _ text: String) -> String {
        let skipped = max(0, place - before)
        let rest = text.dropFirst(skipped)
        let shown = rest.prefix(place - skipped + after)
        return (skipped > 0 ? "…" : "") + shown + (shown.endIndex < text.endIndex ? "…" : "")
    }
}
