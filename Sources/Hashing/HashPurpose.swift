/// What a hash is for: its named seed. Two purposes never share a value, whatever bytes they are given.
///
/// The raw value enters every hash as BLAKE2b's personal string, so renaming a case changes every result that
/// depends on it; add cases, never rename them.
public enum HashPurpose: String, Sendable, CaseIterable {
    /// Identity of a root turn: round, kind and agent.
    case rootTurn
    /// Identity of a passive turn: the call that asked for it.
    case passiveTurn
    /// Seed of a call: run seed, turn, call, attempt.
    case callSeed
    /// Order in which trees are merged: run seed, round, root turn.
    case mergeOrder
    /// Agent to partition: id.
    case partition
    /// Random draws inside a turn: run seed, turn, call.
    case draw
    /// Random draws outside a turn: run seed and the name of what is drawn.
    case namedDraw
    /// What a request asked for.
    case request
    /// What an outcome said.
    case result
    /// Content address of a text or file.
    case content
    /// A committed tree in canonical form.
    case tree
    /// A round's merged state, chained.
    case round
    /// A recorder batch, chained.
    case batch
    /// The entries of an agent's long-term memory, chained.
    case memory
    /// A head in a snapshot.
    case snapshot
    /// What a merged round changes of a partition, as the recorder notes it.
    case merged
    /// The mark of what the recorder has acknowledged.
    case acknowledgement
    /// A vector kept in a file.
    case vectorCheck
    /// The emulator's answer to a request.
    case emulatorAnswer
    /// The emulator's faults.
    case emulatorFault
    /// The emulator's vectors.
    case emulatorVector
    /// The blocks of a prompt, as the emulator's prefix cache knows them.
    case emulatorBlock
    /// How likely the emulator's model finds a choice.
    case emulatorWeight
    /// The draw of a call's answer from the probabilities of its options: the call's seed.
    case choiceDraw
    /// Whether an agent acts in a round: run seed, round, agent and rule.
    case schedule

    /// Sixteen bytes for the hash's personal parameter.
    var personal: [UInt8] { Self.personals[place] }

    private static let personals: [[UInt8]] = allCases.map { purpose in
        let name = Array("gensim.\(purpose.rawValue)".utf8.prefix(16))
        return name + [UInt8](repeating: 0, count: 16 - name.count)
    }

    /// Place among all cases. A switch, because a dictionary would hash the raw value for every hash.
    private var place: Int {
        switch self {
        case .rootTurn: 0
        case .passiveTurn: 1
        case .callSeed: 2
        case .mergeOrder: 3
        case .partition: 4
        case .draw: 5
        case .namedDraw: 6
        case .request: 7
        case .result: 8
        case .content: 9
        case .tree: 10
        case .round: 11
        case .batch: 12
        case .memory: 13
        case .snapshot: 14
        case .merged: 15
        case .acknowledgement: 16
        case .vectorCheck: 17
        case .emulatorAnswer: 18
        case .emulatorFault: 19
        case .emulatorVector: 20
        case .emulatorBlock: 21
        case .emulatorWeight: 22
        case .choiceDraw: 23
        case .schedule: 24
        }
    }
}
