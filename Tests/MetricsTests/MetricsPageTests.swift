import Metrics
import Support
import TestKit
import Testing

@Suite struct MetricsPageTests {
    private let calls = MetricFamily("gensim_test_calls_total", .counter, "Calls, by\\kind.", labels: ["kind"])
    private let bytes = MetricFamily("gensim_test_bytes", .gauge, "Bytes.")
    private let times = MetricFamily("gensim_test_seconds", .histogram, "Times.", labels: ["server"])

    private func read(_ page: MetricsPage) throws -> ExpositionText {
        try ExpositionText(String(decoding: page.bytes, as: UTF8.self))
    }

    @Test func aFamilyIsThereBeforeItHasASample() throws {
        let text = try read(MetricsPage([calls, bytes, times]))
        #expect(text.families.keys.sorted() == ["gensim_test_bytes", "gensim_test_calls_total", "gensim_test_seconds"])
        #expect(text.families.values.flatMap { $0.samples } == [])
        #expect(text.families["gensim_test_calls_total"]?.kind == "counter")
        #expect(text.families["gensim_test_calls_total"]?.help == #"Calls, by\\kind."#)
    }

    @Test func samplesStandWithTheirFamilyInWhateverOrderTheyCome() throws {
        var page = MetricsPage([calls, bytes])
        page.add(calls, UInt64(1 << 40), "answered")
        page.add(bytes, 0.25)
        page.add(calls, 2, "failed")
        let text = try read(page)
        #expect(text.value("gensim_test_calls_total", ["kind": "answered"]) == 1_099_511_627_776)
        #expect(text.value("gensim_test_calls_total", ["kind": "failed"]) == 2)
        #expect(text.value("gensim_test_bytes") == 0.25)
    }

    @Test(arguments: ["plain", #"a "quoted" one"#, "two\nlines", #"back\slash"#, #"\n"#, "e\u{301}, ü, 名", ""])
    func aLabelComesBackAsItWas(label: String) throws {
        var page = MetricsPage([calls])
        page.add(calls, 1, label)
        #expect(try read(page).value("gensim_test_calls_total", ["kind": label]) == 1)
    }

    @Test(arguments: [Double.infinity, -.infinity, 1e300, -2.5e-9, 123_456_789.125])
    func aNumberComesBackAsItWas(number: Double) throws {
        var page = MetricsPage([bytes])
        page.add(bytes, number)
        #expect(try read(page).value("gensim_test_bytes") == number)
    }

    @Test func bucketsAddUpAndEndWithAll() throws {
        var histogram = MetricHistogram(bounds: [0.1, 1])
        for amount in [0.05, 0.1, 0.5, 7, .nan] { histogram.observe(amount) }
        var page = MetricsPage([times])
        page.add(times, histogram, "s")
        let text = try read(page)
        func bucket(_ end: String) -> Double? {
            text.value("gensim_test_seconds_bucket", ["server": "s", "le": end])
        }
        #expect(bucket("0.1") == 2)
        #expect(bucket("1") == 3)
        #expect(bucket("+Inf") == 4)
        #expect(text.value("gensim_test_seconds_count", ["server": "s"]) == 4)
        #expect(abs(try #require(text.value("gensim_test_seconds_sum", ["server": "s"])) - 7.65) < 1e-12)
        #expect(text.isWhole(histogram: "gensim_test_seconds"))
    }

    @Test func ofSeveralStatesOnlyThePresentOneIsOne() throws {
        let family = MetricFamily("gensim_test_state", .gauge, "State.", labels: ["server", "state"])
        var page = MetricsPage([family])
        page.add(family, present: "out", of: ["working", "out"], "s")
        let text = try read(page)
        #expect(text.value("gensim_test_state", ["server": "s", "state": "working"]) == 0)
        #expect(text.value("gensim_test_state", ["server": "s", "state": "out"]) == 1)
    }

    @Test func aProcessTellsWhatItUses() throws {
        let text = try read(ProcessMetrics.page(role: "recorder", version: "9.9", answers: true, isReady: false))
        #expect(text.value("gensim_build_info", ["version": "9.9", "role": "recorder"]) == 1)
        #expect(try #require(text.value("process_resident_memory_bytes")) > 1_048_576)
        #expect(try #require(text.value("process_open_fds")) >= 3)
        #expect(try #require(text.value("process_cpu_seconds_total")) > 0)
        #expect(text.value("gensim_loop_answers") == 1)
        #expect(text.value("gensim_ready") == 0)
    }

    @Test(arguments: [
        "a 1", "# HELP a x\n# TYPE a gauge\nb 1\n", "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
        "# HELP a x\n# TYPE a gauge\na{b=\"c} 1\n", "# HELP a x\n# TYPE a gauge\na one\n", "# TYPE a gauge\na 1\n",
    ])
    func theReaderOfTheseTestsTakesNothingElse(text: String) {
        #expect(throws: ExpositionText.Fault.self) { try ExpositionText(text) }
    }
}
