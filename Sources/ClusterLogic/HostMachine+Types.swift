import Model

extension HostMachine {
    /// How far a held partition is.
    public enum Stage: Sendable, Equatable {
        /// Its agents are being brought to the end of the round.
        case loading(to: UInt32)
        /// Its agents are as of the end of the round.
        case loaded(UInt32)
        /// What is recorded of the round is being fetched, and the round planned.
        case preparing(UInt32)
        /// So many root turns of the round are not durable yet.
        case running(UInt32, left: Int)
        /// Every root turn of the round is durable.
        case finished(UInt32)
        /// A step failed; it is tried again, from the start, when the coordinator asks again.
        case broken

        /// The round as of whose end the agents are; nil while they are loaded.
        var asOf: UInt32? {
            switch self {
            case .loading, .broken: nil
            case .loaded(let round): round
            case .preparing(let round), .running(let round, _), .finished(let round): round - 1
            }
        }
    }

    /// What the coordinator wants of its hosts.
    public enum Activity: Sendable, Equatable {
        /// Nothing but to hold partitions.
        case idle
        /// Run the root turns of a round.
        case run(round: UInt32, time: Int64)
        /// Run the environment's turn on a merged round, and answer what it asks.
        case environment(round: UInt32, time: Int64)

        var round: UInt32 {
            switch self {
            case .idle: 0
            case .run(let round, _), .environment(let round, _): round
            }
        }
    }

    /// What happened.
    public enum Event: Sendable {
        /// A partition map: the leases that are this host's own, as of the end of a closed round.
        case map(grant: UInt64, closedRound: UInt32, leases: [Lease])
        /// Run a round.
        case start(round: UInt32, time: Int64)
        /// Run the environment's turn of a merged round.
        case environment(round: UInt32, time: Int64)
        /// Start no further root turn.
        case drain(round: UInt32, time: Int64)
        /// A partition is loaded as of the end of a round.
        case loaded(Lease, round: UInt32)
        /// A partition could not be loaded or planned.
        case stepFailed(Lease)
        /// A partition's round is planned: these root turns remain, those of `first` before all others of any
        /// partition.
        case prepared(Lease, round: UInt32, first: [Root], then: [Root])
        /// A root turn has committed or failed, durably.
        case rootDurable(Lease)
        /// A root turn was interrupted: the lease is lost, or something has to be mended first.
        case rootInterrupted(Root, Lease)
        /// The environment's turn is durable.
        case environmentDurable(round: UInt32)
        /// The environment's turn was interrupted: the lease is lost, or something has to be mended first.
        case environmentInterrupted(Lease)
        /// Whether anything is heard of the coordinator. While nothing is, no root turn starts.
        case coordinatorHeard(Bool)
    }

    /// What is to be told to the coordinator.
    public enum Report: Sendable, Equatable {
        /// Everything that a map gives this host is loaded.
        case ready(grant: UInt64, round: UInt32)
        /// These partitions are through with the round.
        case finished(round: UInt32, leases: [Lease])
        /// The environment's turn is durable.
        case environmentFinished(round: UInt32)
        /// Nothing is in flight.
        case drained(round: UInt32)
    }

    /// What is to be done, in order.
    public enum Action: Sendable {
        /// Forget these partitions, and interrupt what runs for them.
        case drop([Lease])
        /// Load partitions anew, then `loaded` for each.
        case load([Lease], round: UInt32)
        /// Bring loaded partitions to the end of a later round, then `loaded` for each.
        case advance([Lease], round: UInt32)
        /// A round begins: what was kept for the one before is not needed any more.
        case begin(round: UInt32, time: Int64)
        /// Fetch what is recorded, plan, then `prepared`. A merged round is planned already.
        case prepare(Lease, round: UInt32, isMerged: Bool)
        /// Let asks for the partition's agents in.
        case open(Lease, round: UInt32)
        /// Run a root turn until it is durable.
        case run(Root, Lease)
        /// Run the environment's turn until it is durable.
        case runEnvironment(Lease, round: UInt32)
        /// Tell the coordinator.
        case report(Report)
    }
}
