import Glibc
import Support

/// Decides whether a process that ended is started again, and when.
///
/// Pure: told how long the process lived and what time it is. What a person must mend, such as a wrong option or a full
/// disk, would only happen again; a process that dies again and again, however it dies, is given up in the end, one
/// that code of turns ends later than others.
struct RestartPolicy: Sendable {
    /// What to do about a process that ended.
    enum Verdict: Sendable, Equatable {
        /// Start it again after this time.
        case restart(after: Span)
        /// Leave it; for this reason.
        case giveUp(String)
    }

    /// A process that lived this long was healthy: its next end is the first again.
    static let healthy = Span.seconds(30)
    /// One that did not live this long died young.
    static let young = Span.seconds(2)
    /// Ends without a healthy life between them, after which there is no hope.
    static let mostEnds = 20
    /// Traps in code of turns without a healthy life between them, after which a person should look at the scenario:
    /// three of a process's own and some shared ones find a turn out, so some thirty turns trapped in a row.
    static let mostTraps = 100
    /// Young deaths in a row after which there is none either.
    static let mostYoungDeaths = 5
    /// The first wait, doubled with each young death up to the longest.
    static let firstWait = Span.milliseconds(100)
    static let longestWait = Span.seconds(5)

    private var ends = 0
    private var youngDeaths = 0
    private var traps = 0

    /// The process has ended after it `lived` so long. A trap in code of turns that the process has noted is no death
    /// of its own, however young: these turns are found out by it and fail. Only very many of them give it up.
    mutating func ended(
        _ status: ChildProcess.ExitStatus, lived: Span, hasNotedTurns: Bool = false
    ) -> Verdict {
        if case .exited(let code) = status, let reason = Self.lasting[code] { return .giveUp(reason) }
        if lived >= Self.healthy { (ends, traps) = (0, 0) }
        guard !hasNotedTurns else {
            youngDeaths = 0
            traps += 1
            guard traps < Self.mostTraps else {
                return .giveUp(
                    "code of turns ended it \(traps) times without \(Int(Self.healthy.seconds)) seconds between: mend "
                        + "the scenario, whose turns are in the table traps of the recording, and start a new run")
            }
            return .restart(after: Span(nanoseconds: 0))
        }
        ends += 1
        youngDeaths = lived < Self.young ? youngDeaths + 1 : 0
        if youngDeaths >= Self.mostYoungDeaths {
            return .giveUp("it died \(youngDeaths) times within \(Int(Self.young.seconds)) seconds of its start")
        }
        if ends >= Self.mostEnds {
            return .giveUp("it died \(ends) times without living for \(Int(Self.healthy.seconds)) seconds")
        }
        guard youngDeaths > 1 else { return .restart(after: Span(nanoseconds: 0)) }
        let wait = Self.firstWait.nanoseconds << UInt64(youngDeaths - 2)
        return .restart(after: min(Span(nanoseconds: wait), Self.longestWait))
    }

    /// The process could not even be started: as if it had died at once, and at least after the first wait.
    mutating func didNotStart() -> Verdict {
        guard case .restart(let wait) = ended(.signalled(SIGKILL), lived: Span(nanoseconds: 0)) else {
            return .giveUp("it could not be started \(youngDeaths) times")
        }
        return .restart(after: max(wait, Self.firstWait))
    }

    /// Exit codes that a second try cannot change.
    private static let lasting: [Int32: String] = Dictionary(
        uniqueKeysWithValues: [
            (ProcessExitCode.usage, "its options are wrong"), (.dataError, "what it reads is damaged"),
            (.noInput, "a file is missing"), (.cannotCreate, "it cannot write where it should"),
            (.ioError, "the disk is full or failed"), (.configuration, "it is misconfigured"),
        ].map { ($0.0.rawValue, $0.1) })
}
