import Hashing
import Model

/// What a process left behind that trapped: which root turns' code was running.
public struct Trap: Hashable, Sendable {
    /// What tells the run from others; zeros where the process took part in none.
    public var run: [UInt8]
    /// The process's own number of its start.
    public var life: UInt64
    /// The signal.
    public var signal: Int32
    /// The round of the turns; that of most of them where there are several.
    public var round: UInt32
    /// Root turns, in ascending order, with code of theirs or of turns below them on a thread.
    public var roots: [TurnID]
}
