import GatewayLogic
import JSON

/// Where a server tells its load, and how what it tells is read. Pure: the driver does the asking.
///
/// Names changed between versions of the servers, so that old and new ones are accepted. A server with several
/// engines tells each apart: what they have in flight is added up, and of the use of their caches the highest counts.
enum LoadSource: String, Sendable, Equatable {
    /// Prometheus text, of any of the servers.
    case metrics = "/metrics"
    /// SGLang's own account of its load.
    case loads = "/v1/loads"
    /// llama.cpp's list of its slots.
    case slots = "/slots"

    /// Where servers of a kind may tell their load, the best first; which of them exist is the server's command
    /// line's to say.
    static func candidates(for engine: Engine) -> [LoadSource] {
        switch engine {
        case .vllm, .vllmOld: [.metrics]
        case .sglang: [.metrics, .loads]
        case .llamacpp: [.metrics, .slots]
        case .openai: []
        }
    }

    /// What a body of this source says; nil where it says nothing of load.
    func reading(_ body: [UInt8]) -> LoadReading? {
        let reading =
            switch self {
            case .metrics: Self.metrics(body)
            case .loads: Self.loads(body)
            case .slots: Self.slots(body)
            }
        return reading.isEmpty ? nil : reading
    }

    // MARK: Prometheus text

    private static let prefixes = ["vllm", "sglang", "llamacpp"]

    private static func metrics(_ body: [UInt8]) -> LoadReading {
        var reading = LoadReading()
        PrometheusText(body).forEach(prefixes: prefixes) { sample in
            // Some exporters write the colon as an underscore.
            let name = sample.name.drop { $0 != ":" && $0 != "_" }.dropFirst()
            switch name {
            case "num_requests_running", "num_running_reqs", "requests_processing":
                add(sample.value, to: &reading.running)
            case "num_requests_waiting", "num_queue_reqs", "requests_deferred": add(sample.value, to: &reading.waiting)
            case "num_preemptions_total", "num_preemptions", "num_retracted_requests_total":
                add(sample.value, to: &reading.preemptions)
            case "kv_cache_usage_perc", "gpu_cache_usage_perc", "token_usage", "kv_cache_usage_ratio":
                reading.kvUsage = max(reading.kvUsage ?? 0, min(max(sample.value, 0), 1))
            default: break
            }
        }
        return reading
    }

    private static func add(_ value: Double, to sum: inout Int?) {
        guard let count = Int(exactly: value.rounded()), count >= 0 else { return }
        let (total, overflow) = (sum ?? 0).addingReportingOverflow(count)
        sum = overflow ? .max : total
    }

    // MARK: JSON

    private static func loads(_ body: [UInt8]) -> LoadReading {
        var reading = LoadReading()
        let value = try? JSONValue(parsing: body)
        for engine in value?["loads"]?.arrayValue ?? value?.arrayValue ?? [] {
            if let running = engine["num_running_reqs"]?.doubleValue { add(running, to: &reading.running) }
            if let waiting = engine["num_waiting_reqs"]?.doubleValue { add(waiting, to: &reading.waiting) }
            if let usage = engine["token_usage"]?.doubleValue {
                reading.kvUsage = max(reading.kvUsage ?? 0, min(max(usage, 0), 1))
            }
        }
        return reading
    }

    /// Slots tell what is worked on; what waits is known to nobody outside while it is not said elsewhere.
    private static func slots(_ body: [UInt8]) -> LoadReading {
        guard let slots = (try? JSONValue(parsing: body))?.arrayValue, !slots.isEmpty else { return LoadReading() }
        let states = slots.compactMap { $0["is_processing"]?.boolValue ?? $0["state"]?.intValue.map { $0 != 0 } }
        guard states.count == slots.count else { return LoadReading() }
        return LoadReading(running: states.filter { $0 }.count)
    }
}
