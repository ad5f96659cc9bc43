import Support

/// What was made last of the environment's fields: all turns of a round read the same ones, and each would make the
/// same of them.
final class RoundCache<Made: Sendable>: Sendable {
    private let last = Guarded<(mark: String, made: Made)?>(nil)

    /// What `make` makes of fields whose content has this mark.
    func value(_ mark: String, _ make: () -> Made) -> Made {
        if let known = last.withLock({ $0 }), known.mark == mark { return known.made }
        let made = make()
        last.withLock { $0 = (mark, made) }
        return made
    }
}
