extension RoundMachine {
    /// What the machine waits for.
    public enum Phase: Sendable, Equatable {
        /// Hosts are still to register.
        case registering
        /// The recorder is writing the leases.
        case granting
        /// Hosts load their partitions.
        case loading(waiting: Set<UInt32>)
        /// The recorder is opening the round.
        case opening(round: UInt32)
        /// Hosts run the round's turns.
        case running(round: UInt32, waiting: Set<UInt32>)
        /// The recorder is merging the round.
        case merging(round: UInt32)
        /// The environment takes its turn.
        case environment(round: UInt32)
        /// The recorder is closing the round.
        case closing(round: UInt32)
        /// Hosts apply the closed round.
        case advancing(round: UInt32, waiting: Set<UInt32>)
        /// Hosts finish the root turns in flight, and start no other.
        case draining(round: UInt32, waiting: Set<UInt32>)
        /// The recorder is writing how the run ends.
        case finishing(RunOutcome)
        /// Nothing is left to do.
        case ended(RunOutcome)
    }

    /// What a host says that it has done.
    public enum HostStep: Sendable, Hashable, CaseIterable {
        case ready, roundFinished, environmentFinished, advanced, drained
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A host has completed a step for a round.
        case step(HostStep, host: UInt32, round: UInt32)
        /// The leases are durable.
        case leasesRecorded
        /// The round is open, durably.
        case roundOpened(UInt32)
        /// The round is merged, durably; so many root turns, so many of them failed.
        case roundMerged(UInt32, roots: UInt64, failed: UInt64)
        /// The round is closed, durably.
        case roundClosed(UInt32)
        /// The run's ending is durable.
        case runFinished
        /// A person wants the run to stop.
        case stopRequested
        /// A host cannot go on.
        case hostFailed(host: UInt32, reason: String)
        /// A host is gone.
        case hostLost(host: UInt32, reason: String)
        /// A service without which turns cannot end is gone: nothing in flight is waited for.
        case serviceLost(reason: String)
        /// The recorder is gone or refused a step: nothing can be written any more.
        case recorderFailed(reason: String)
        /// What was in flight when the run had to stop has had its time.
        case drainExpired
    }

    /// A command to hosts.
    public enum Command: Sendable, Equatable {
        /// Here is the partition map; load what is yours as of the end of the closed round.
        case lease(closedRound: UInt32)
        /// Run the turns of the round.
        case start(round: UInt32, time: Int64)
        /// Run the environment's turn.
        case environment(round: UInt32)
        /// Apply the closed round.
        case advance(round: UInt32)
        /// Finish what is in flight.
        case drain(round: UInt32)
    }

    /// What is to be done. Actions of one event are performed in order; each of the first five is a request to the
    /// recorder, whose success comes back as an event, and there is never more than one of them in flight.
    public enum Action: Sendable, Equatable {
        /// Write the leases.
        case recordLeases([Lease])
        /// Open the round.
        case openRound(UInt32, time: Int64)
        /// Merge the round.
        case mergeRound(UInt32, time: Int64)
        /// Close the round.
        case closeRound(UInt32, time: Int64)
        /// Write how the run ends.
        case finishRun(RunOutcome)
        /// Tell hosts.
        case send(Command, to: [UInt32])
        /// Send `drainExpired` after a while: what is in flight may never end.
        case limitDrain
        /// The run is over.
        case end(RunOutcome)
    }

    /// The answer to a host that registers.
    public enum Registration: Sendable, Equatable {
        /// It takes part under this number; then perform the actions.
        case accepted(host: UInt32, actions: [Action])
        /// It cannot take part.
        case refused(reason: String)
    }
}
