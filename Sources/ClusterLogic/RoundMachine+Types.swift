import Hashing
import Model

extension RoundMachine {
    /// Where the run stands.
    public enum Stage: Sendable, Equatable {
        /// Hosts are still to register.
        case registering
        /// Hosts load the present map as of the last closed round; nothing runs.
        case loading
        /// The recorder is opening the round.
        case opening(UInt32)
        /// Hosts run the round's turns.
        case running(UInt32)
        /// The recorder is merging the round.
        case merging(UInt32)
        /// The environment takes its turn.
        case environment(UInt32)
        /// The recorder is closing the round.
        case closing(UInt32)
        /// Hosts finish the root turns in flight, and start no other.
        case draining(UInt32, waiting: Set<UInt32>)
        /// Everything stands still until somebody says to go on.
        case paused
        /// The recorder is writing how the run ends.
        case finishing(RunOutcome)
        /// Nothing is left to do.
        case ended(RunOutcome)
    }

    /// What the run does, as a person sees it.
    public enum Activity: Sendable, Equatable, CaseIterable {
        case starting, running, waitingForHosts, pausing, paused, draining, finished
    }

    /// What a host says that it has done.
    public enum Report: Sendable, Equatable {
        /// What it holds by the map `grant` is loaded as of the end of `round`.
        case ready(grant: UInt64, round: UInt32)
        /// All root turns of these partitions have committed or failed.
        case finished(round: UInt32, leases: [Lease])
        /// The environment's turn has committed or failed.
        case environmentFinished(round: UInt32)
        /// Nothing is in flight any more.
        case drained(round: UInt32)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A host has done something.
        case report(Report, host: UInt32)
        /// The recorder has done what it was asked for under this number.
        case recorded(UInt64, Answer)
        /// A person wants the run to stop.
        case stopRequested
        /// A person wants the run to stand still, with its processes.
        case pauseRequested
        /// A person wants the run to go on.
        case continueRequested
        /// A person intervenes; the request has this number. The same one may come again.
        case interventionRequested(Digest128)
        /// A host cannot go on. What is `local` concerns that host alone, and others may do better.
        case hostFailed(host: UInt32, reason: String, local: Bool)
        /// A host is gone.
        case hostLost(host: UInt32)
        /// Something that the run cannot do without is gone for good. With `drains`, what is in flight can still end.
        case lost(reason: String, drains: Bool)
        /// The recorder is gone or refused a request: nothing can be written any more.
        case recorderFailed(reason: String)
        /// What was in flight when the run had to stop has had its time.
        case drainExpired
    }

    /// What the recorder is asked for. All of it may be asked for twice.
    public enum Request: Sendable, Equatable {
        /// Write these leases; other partitions keep theirs.
        case grant([Lease])
        /// Open the round.
        case open(UInt32, time: Int64)
        /// Merge the round.
        case merge(UInt32, time: Int64)
        /// Close the round.
        case close(UInt32, time: Int64)
        /// Write that the run is paused.
        case pause
        /// Write that the run goes on.
        case proceed
        /// Keep the interventions of this request.
        case intervene(Digest128)
        /// Write how the run ends.
        case finish(RunOutcome)
    }

    /// The recorder's answer: it is durable.
    public enum Answer: Sendable, Equatable {
        /// Done.
        case done
        /// The round is merged; so many root turns, so many of them failed, so many interventions into the next round.
        case merged(roots: UInt64, failed: UInt64, interventions: UInt64 = 0)
    }

    /// A command to hosts. Each may be given twice.
    public enum Command: Sendable, Equatable {
        /// Here is the partition map; load what is yours, then say that you are ready.
        case lease(LeaseMap)
        /// Run the turns of what you hold and what has not run under its present lease.
        case start(round: UInt32, time: Int64)
        /// Run the environment's turn, if you hold it, and answer what it asks.
        case environment(round: UInt32)
        /// Finish what is in flight; answer what it asks.
        case drain(round: UInt32)
    }

    /// What is to be done, in this order.
    public enum Action: Sendable, Equatable {
        /// Ask the recorder; the answer comes back as `recorded` with the number. Never more than one is in flight.
        case record(UInt64, Request)
        /// Tell hosts.
        case send(Command, to: [UInt32])
        /// Tell a host that it is no part of the run any more.
        case dismiss(UInt32, reason: String)
        /// Tell whoever asked that the interventions of this request are not taken: too many wait, or the run is over.
        /// They may have been written all the same, where the request came before.
        case decline(Digest128)
        /// Send `drainExpired` after a while: what is in flight may never end.
        case limitDrain
        /// The run is over.
        case end(RunOutcome)
    }

    /// The answer to a host that registers.
    public enum Registration: Sendable, Equatable {
        /// It takes part under this number; then perform the actions.
        case accepted(host: UInt32, actions: [Action])
        /// Another start of that host may still be alive, or the run ends: it may ask again.
        case later(reason: String)
        /// It was part of the run and is no more: it may come as a new incarnation.
        case fenced(reason: String)
    }
}
