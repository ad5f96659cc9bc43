import JSON
import Support

/// What a GPU tells of its own clock, for `/stats`: all times in its seconds since the server began.
extension EmulatedGPU {
    func write(to writer: inout JSONWriter) {
        let counters = model.counters
        writer.beginObject()
        let times: [(String, Double)] = [
            ("speed", speed), ("busy_seconds", counters.busy.seconds), ("first_arrival_seconds", seconds(firstArrival)),
            ("last_end_seconds", seconds(lastEnd)), ("late_seconds", lateness.seconds),
            ("longest_late_seconds", longestLateness.seconds),
        ]
        for (name, value) in times {
            writer.key(name)
            writer.value(value)
        }
        let counts = [
            ("finished", counters.finished), ("aborted", counters.aborted), ("preemptions", counters.preemptions),
            ("prompt_tokens", counters.prefixQueries), ("cached_tokens", counters.prefixHits),
            ("answer_tokens", counters.answerTokens), ("computed_tokens", counters.computedTokens),
            ("steps", counters.steps), ("sequences_in_steps", counters.sequencesInSteps),
        ]
        for (name, count) in counts {
            writer.key(name)
            writer.value(count)
        }
        writer.endObject()
    }

    private func seconds(_ instant: Instant?) -> Double { Double(instant?.nanoseconds ?? 0) / 1e9 }
}
