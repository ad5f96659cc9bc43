import Hashing
import JSON

/// What the emulator has done, for `/stats`.
struct CallStatistics {
    /// Most call identities that are told apart; answers to further ones are counted as beyond the bound.
    static let maximumCalls = 2_000_000

    private var replies: [Endpoint: Int] = [:]
    private var faults: [FaultKind: Int] = [:]
    private var calls: Set<Digest128> = []
    private var answered = 0
    private var repeated = 0
    private var unnamed = 0
    private var beyondBound = 0
    /// Clients that closed before their reply was sent.
    private(set) var cancelled = 0
    /// Lines of `--served` that could not be kept.
    var servedDropped = 0

    /// A reply of any kind was sent by the endpoint.
    mutating func replied(_ endpoint: Endpoint) { replies[endpoint, default: 0] += 1 }

    /// A fault was injected.
    mutating func faulted(_ kind: FaultKind) { faults[kind, default: 0] += 1 }

    /// A client closed before its reply was sent.
    mutating func gaveUp() { cancelled += 1 }

    /// A proper answer was sent to the call of this identity, which the client named in a header or did not.
    mutating func answered(call: String?) {
        answered += 1
        guard let call else {
            unnamed += 1
            return
        }
        let identity = HashBuilder.hash128(.request) { $0.append(call) }
        if calls.contains(identity) {
            repeated += 1
        } else if calls.count < Self.maximumCalls {
            calls.insert(identity)
        } else {
            beyondBound += 1
        }
    }

    /// The body of `/stats`.
    func body(engine: EmulatedEngine, load: EmulatorLoad, gpu: EmulatedGPU?) -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.beginObject()
        writer.key("engine")
        writer.value(engine.rawValue)
        writer.key("answered")
        writer.value(answered)
        writer.key("replies")
        writer.counts(Endpoint.allCases.map { ($0.rawValue, replies[$0] ?? 0) })
        writer.key("calls")
        writer.counts([
            ("distinct", calls.count), ("repeated", repeated), ("unnamed", unnamed), ("beyond_bound", beyondBound),
            ("bound", Self.maximumCalls),
        ])
        writer.key("faults")
        writer.counts(FaultKind.allCases.map { ($0.rawValue, faults[$0] ?? 0) })
        let counts = [
            ("in_flight", load.running + load.waiting), ("running", load.running), ("waiting", load.waiting),
            ("peak_in_flight", load.peak), ("peak_running", load.peakRunning), ("cancelled", cancelled),
            ("served_dropped", servedDropped),
        ]
        for (name, count) in counts {
            writer.key(name)
            writer.value(count)
        }
        if let gpu {
            writer.key("gpu")
            gpu.write(to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func counts(_ counts: [(String, Int)]) {
        beginObject()
        for (name, count) in counts {
            key(name)
            value(count)
        }
        endObject()
    }
}
