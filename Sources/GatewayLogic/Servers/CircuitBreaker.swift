import Support

/// Keeps work from a server that does not bring it back, and finds out with one attempt at a time when it does again.
///
/// A server that cannot be reached, or is silent, is asked by probes, which cost no call anything. One that answers
/// and fails looks well to a probe, so that only a request can tell: it gets a single one each time a pause is over.
struct CircuitBreaker: Sendable {
    /// What a server gets.
    enum State: Sendable, Equatable {
        /// Nothing before its first probe.
        case unproven
        /// Work.
        case closed
        /// Nothing, and the next attempt is due then.
        case open(OutCause, due: Instant)
        /// Nothing until the probe that is under way comes back.
        case probing(OutCause)
        /// One request.
        case trial(OutCause)
    }

    private(set) var state = State.unproven
    private let policy: FleetPolicy
    /// Whether a request failed and none was answered since: failures leave room for a single request meanwhile.
    private(set) var isInDoubt = false
    private var failuresInARow = 0
    private var lastFailure = Instant(nanoseconds: 0)
    private var lostInARow = 0
    /// Probes in a row that failed.
    private var probesFailed = 0
    /// Of the latest results how many were failures: a moving mean in thousandths, and of how many.
    private var failedShare = 0
    private var results = 0

    init(policy: FleetPolicy) { self.policy = policy }

    /// Why it gets nothing, or only a trial.
    var cause: OutCause? {
        switch state {
        case .open(let cause, _), .probing(let cause), .trial(let cause): cause
        case .unproven, .closed: nil
        }
    }

    /// Whether it gets requests, if only one for trial.
    var isInUse: Bool {
        switch state {
        case .closed, .trial: true
        case .unproven, .open, .probing: false
        }
    }

    // MARK: what requests say

    /// An answer came to a request that was sent then. One from before the latest failure says that the server is
    /// not gone, but nothing of how it is now.
    mutating func answered(sentAt: Instant) {
        isInDoubt = false
        lostInARow = 0
        if sentAt >= lastFailure { failuresInARow = 0 }
        note(failed: false)
        switch state {
        case .trial: close()
        // An answer out of the silence is as good as any probe.
        case .open(.silent, _), .probing(.silent), .open(.interrupted, _), .probing(.interrupted): close()
        case .unproven, .closed, .open, .probing: break
        }
    }

    /// The server failed on a request.
    mutating func failed(at now: Instant) {
        note(failed: true)
        lastFailure = now
        isInDoubt = true
        switch state {
        case .trial: open(.failing, at: now)
        case .closed:
            failuresInARow += 1
            let isMostlyFailing = results >= 20 && failedShare > 500
            if failuresInARow >= policy.failureLimit || isMostlyFailing { open(.failing, at: now) }
        case .unproven, .open, .probing: break
        }
    }

    /// A connection broke. Everything that was under way breaks with it, so that only the first of them counts.
    mutating func lost(at now: Instant) {
        switch state {
        case .trial, .closed:
            lostInARow += 1
            open(lostInARow >= policy.failureLimit ? .failing : .interrupted, at: now)
        case .unproven, .open, .probing: break
        }
    }

    /// Nobody accepted a connection.
    mutating func unreachable(at now: Instant) {
        switch state {
        case .closed, .trial, .open(.interrupted, _), .open(.silent, _): open(.unreachable, at: now)
        case .unproven, .open, .probing: break
        }
    }

    /// The server has brought nothing for too long.
    mutating func silent(at now: Instant) {
        switch state {
        case .closed, .trial: open(.silent, at: now)
        case .unproven, .open, .probing: break
        }
    }

    /// The server refuses us as such.
    mutating func misconfigured(_ reason: String, at now: Instant) {
        switch state {
        case .closed, .trial: open(.misconfigured(reason), at: now)
        case .unproven, .open, .probing: break
        }
    }

    // MARK: probes

    /// Whether a probe is due now, and which; a server that fails gets its trial instead.
    mutating func due(at now: Instant) -> ProbeKind? {
        guard case .open(let cause, let due) = state, due <= now else { return nil }
        switch cause {
        case .failing:
            state = .trial(cause)
            return nil
        case .interrupted, .silent:
            state = .probing(cause)
            return .health
        case .unreachable, .misconfigured:
            state = .probing(cause)
            return .full
        }
    }

    /// A probe was answered. `kept` where the server still holds what it was given before its silence.
    mutating func probed(kept: Bool = false) {
        probesFailed = 0
        switch state {
        case .unproven, .probing(.interrupted): close()
        case .probing(.silent) where kept: close()
        case .probing(let cause): state = .trial(cause)
        case .closed, .open, .trial: break
        }
    }

    /// A probe failed.
    mutating func probeFailed(_ fault: ProbeFault, at now: Instant) {
        switch state {
        case .unproven, .probing: break
        // A question out of turn, as after a change of models, decides nothing while requests are answered, unless
        // the server says that it will not have us.
        case .closed, .open, .trial:
            guard case .misconfigured = fault else { return }
        }
        probesFailed += 1
        switch fault {
        case .unreachable: open(.unreachable, at: now)
        case .silent: open(.silent, at: now)
        case .failing: open(.unreachable, at: now)
        case .misconfigured(let reason): open(.misconfigured(reason), at: now)
        }
    }

    // MARK: steps

    private mutating func close() {
        state = .closed
        isInDoubt = false
        failuresInARow = 0
        probesFailed = 0
        results = 0
        failedShare = 0
    }

    private mutating func open(_ cause: OutCause, at now: Instant) {
        switch cause {
        case .failing: state = .open(cause, due: now + policy.trialPause)
        case .misconfigured: state = .open(cause, due: now + policy.misconfiguredPause)
        case .interrupted, .unreachable, .silent: state = .open(cause, due: now + probePause)
        }
    }

    /// Nothing before the first probe, then doubling.
    private var probePause: Span {
        guard probesFailed > 0 else { return Span(nanoseconds: 0) }
        let doubled = policy.firstProbePause.nanoseconds << UInt64(min(probesFailed - 1, 20))
        return min(Span(nanoseconds: doubled), policy.longestProbePause)
    }

    private mutating func note(failed: Bool) {
        results = min(results + 1, 1_000)
        failedShare += ((failed ? 1_000 : 0) - failedShare) / 16
    }
}
