import DequeModule

/// The calls that wait for the answer of one that asks the same. Goes from one leader to the next as it is, so that
/// however many are given up, each costs one step.
final class CallGroup {
    /// Those who follow, in order of arrival; some of them are gone.
    private var numbers = Deque<UInt64>()

    /// A call follows.
    func append(_ number: UInt64) { numbers.append(number) }

    /// The first of those who follow, which does so no more.
    func popFirst() -> UInt64? { numbers.popFirst() }
}
