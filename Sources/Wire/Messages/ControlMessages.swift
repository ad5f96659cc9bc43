import MessagePack
import Model

/// What a person wants of a run that is played.
public enum RunControl: UInt8, Sendable, CaseIterable {
    /// Finish the turns in flight and wait; the processes stay.
    case pause = 1
    /// Go on after a pause.
    case proceed = 2
    /// Finish the turns in flight and end; resumable.
    case stop = 3
}

/// Anyone to coordinator: pause, go on or stop. Answered by `Acknowledged` when it is on its way; `RequestStatus` tells
/// when it is done.
public struct ControlRun: WireMessage {
    public static let kind = WireKind.controlRun
    public static let fieldCount = 1
    public static let sizeLimit = WireLimits.small
    /// What to do.
    public var control: RunControl

    /// A wish.
    public init(control: RunControl) { self.control = control }
    public func packFields(into packer: inout Packer) { packer.pack(UInt64(control.rawValue)) }
    public init(fields unpacker: inout Unpacker, version: Int) throws {
        control = try unpacker.readCase(RunControl.self)
    }
}

/// Anyone to coordinator: how is the run doing? Answered by `RunStatus`.
public typealias RequestStatus = BareRequest<BareRequests.Status>

/// Coordinator's answer to `RequestStatus`.
public struct RunStatus: WireMessage {
    public static let kind = WireKind.status
    public static let fieldCount = 5
    public static let sizeLimit = WireLimits.small
    /// The run.
    public var run: String
    /// What it does: starting, running, waiting for hosts, draining, paused, finished.
    public var phase: String
    /// The round in progress.
    public var round: UInt32
    /// Rounds that the run should have.
    public var rounds: UInt32
    /// Counters: planned, committed, failed, calls, waiting, tokens, hosts.
    public var counters: [NamedCount]

    /// A status.
    public init(run: String, phase: String, round: UInt32, rounds: UInt32, counters: [NamedCount]) {
        self.run = run
        self.phase = phase
        self.round = round
        self.rounds = rounds
        self.counters = counters
    }

    public func packFields(into packer: inout Packer) {
        packer.pack(run)
        packer.pack(phase)
        packer.pack(UInt64(round))
        packer.pack(UInt64(rounds))
        packer.pack(counters)
    }

    public init(fields unpacker: inout Unpacker, version: Int) throws {
        run = try unpacker.readString()
        phase = try unpacker.readString()
        round = try unpacker.readUInt32()
        rounds = try unpacker.readUInt32()
        counters = try unpacker.readList()
    }
}
