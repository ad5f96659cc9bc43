/// Why a reply does not say how likely the options are. Not a failure of the call: its answer is sampled instead.
struct UnreadableDistribution: Error, Equatable {
    /// For the recording; quotes no answer.
    var reason: String
}
