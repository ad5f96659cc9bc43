import Hashing

/// A way in which the emulator misbehaves on demand.
public enum FaultKind: String, Sendable, CaseIterable {
    /// Refused with 429 and `Retry-After`.
    case tooManyRequests = "429"
    /// Refused with 500.
    case internalError = "500"
    /// The connection is reset after the request was served.
    case reset
    /// Half of the body under the whole's length, then the connection closes.
    case half
    /// 200 with a body that is not JSON.
    case garbage
    /// A well-formed answer outside of the constraint; only for constrained chat requests.
    case wrongChoice = "wrong-choice"
    /// A chat answer whose content is null.
    case null
    /// No answer until the client closes; the slot stays taken.
    case hang
    /// A proper answer, as if there had been no constraint; only for constrained chat requests.
    case unconstrained

    /// Whether it strikes constrained chat requests alone.
    var isOfConstraint: Bool { self == .wrongChoice || self == .unconstrained }

    /// Whether it strikes chat requests alone.
    var isOfChat: Bool { isOfConstraint || self == .null }
}

/// Decides which request is struck by which fault: from the fault seed, the request's digest and how often it was
/// seen. Only the first `repeats` times can be struck, so that a client that tries again gets through.
struct FaultPlan {
    /// Most requests whose count is kept; what comes beyond is never struck.
    static let maximumTracked = 1 << 20

    private let thresholds: [(kind: FaultKind, end: Double)]
    private let seed: UInt64
    private let repeats: Int
    private var seen: [Digest128: Int] = [:]

    /// A plan by the given probabilities, which must not add up to more than 1.
    init(rates: [FaultKind: Double], seed: UInt64, repeats: Int) {
        var end = 0.0
        thresholds = FaultKind.allCases.compactMap { kind in
            guard let rate = rates[kind], rate > 0 else { return nil }
            end += rate
            return (kind, end)
        }
        self.seed = seed
        self.repeats = repeats
    }

    /// The fault for the next occurrence of this request, among those that `applies` allows.
    mutating func draw(_ request: Digest128, applies: (FaultKind) -> Bool) -> FaultKind? {
        guard !thresholds.isEmpty else { return nil }
        let times = seen[request] ?? 0
        guard times < repeats, times > 0 || seen.count < Self.maximumTracked else { return nil }
        seen[request] = times + 1
        let hash = HashBuilder.hash64(.emulatorFault) { builder in
            builder.append(seed)
            builder.append(request)
            builder.append(UInt64(times))
        }
        let draw = Double(hash >> 11) * 0x1p-53
        guard let kind = thresholds.first(where: { draw < $0.end })?.kind, applies(kind) else { return nil }
        return kind
    }
}
