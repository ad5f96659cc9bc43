import Hashing

/// What starts a tree of turns.
public enum RootKind: UInt8, Sendable, CaseIterable {
    /// The agent's own turn of the round.
    case act = 1
    /// Rating, embedding and reflecting on what fell out of short-term memory; opens the agent's round.
    case consolidate = 2
    /// The environment's turn, after the merge.
    case environment = 3
}

/// Identity of a turn: derived from the round, the agent and the calls that led to it, never random, and free of
/// run, host and time, so that every rerun finds the same identities.
public struct TurnID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The derived value.
    public var digest: Digest128

    /// The turn with that derived value.
    public init(digest: Digest128) { self.digest = digest }

    /// The root turn of an agent in a round. `agent` is the textual id.
    public static func root(round: UInt32, kind: RootKind, agent: String) -> TurnID {
        TurnID(
            digest: HashBuilder.hash128(.rootTurn) {
                $0.append(UInt64(round))
                $0.append(UInt64(kind.rawValue))
                $0.append(agent)
            })
    }

    /// The passive turn that answers the request made by call `number` of this turn.
    public func passive(number: UInt32) -> TurnID {
        TurnID(
            digest: HashBuilder.hash128(.passiveTurn) {
                $0.append(digest)
                $0.append(UInt64(number))
            })
    }

    public static func < (left: TurnID, right: TurnID) -> Bool { left.digest < right.digest }
    public var description: String { digest.description }
}

/// Identity of a call: the turn that makes it and its number there.
public struct CallID: Hashable, Sendable, CustomStringConvertible {
    /// The calling turn.
    public var turn: TurnID
    /// The call's number in the turn; numbers are shared with operations and have gaps.
    public var number: UInt32

    /// Call `number` of `turn`.
    public init(turn: TurnID, number: UInt32) {
        self.turn = turn
        self.number = number
    }

    public var description: String { "\(turn).\(number)" }
}

/// Values derived from a run's seed: the only source of chance and order in a run.
public struct RunSeed: Hashable, Sendable {
    /// The number from the configuration.
    public var value: UInt64

    /// The seed with that number.
    public init(_ value: UInt64) { self.value = value }

    /// Seed of an attempt at a call, sent to the model server. Attempts count from 0.
    public func call(_ call: CallID, attempt: UInt32) -> UInt64 {
        HashBuilder.hash64(.callSeed) {
            $0.append(value)
            $0.append(call.turn.digest)
            $0.append(UInt64(call.number))
            $0.append(UInt64(attempt))
        }
    }

    /// Generator for the draw that call `number` of `turn` makes.
    public func draw(_ call: CallID) -> SeededGenerator {
        SeededGenerator(
            seed: HashBuilder.hash64(.draw) {
                $0.append(value)
                $0.append(call.turn.digest)
                $0.append(UInt64(call.number))
            })
    }

    /// Generator for the draw that decides whether an agent acts in a round; `rule` tells a schedule's draws apart.
    public func schedule(round: UInt32, agent: String, rule: UInt64) -> SeededGenerator {
        SeededGenerator(
            seed: HashBuilder.hash64(.schedule) {
                $0.append(value)
                $0.append(UInt64(round))
                $0.append(agent)
                $0.append(rule)
            })
    }

    /// Generator for a draw outside of turns, told apart by name.
    public func draw(named name: String) -> SeededGenerator {
        SeededGenerator(
            seed: HashBuilder.hash64(.namedDraw) {
                $0.append(value)
                $0.append(name)
            })
    }

    /// Place of a tree in its round's merge: H(run seed, round, root turn).
    public func mergeOrder(round: UInt32, root: TurnID) -> Digest128 {
        HashBuilder.hash128(.mergeOrder) {
            $0.append(value)
            $0.append(UInt64(round))
            $0.append(root.digest)
        }
    }
}

/// Which partition an agent belongs to, by a hash of its textual id. The environment is not hashed: it has the
/// partition numbered `partitions`, after all others.
public func partition(ofAgent id: String, partitions: UInt32) -> UInt32 {
    precondition(partitions > 0, "a run has at least one partition")
    let hash = HashBuilder.hash64(.partition) { $0.append(id) }
    return UInt32(hash.multipliedFullWidth(by: UInt64(partitions)).high)
}
