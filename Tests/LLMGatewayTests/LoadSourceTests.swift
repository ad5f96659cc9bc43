import GatewayLogic
import Hashing
import Testing

@testable import LLMGatewayRole

@Suite struct LoadSourceTests {
    private func metrics(_ text: String) -> LoadReading? { LoadSource.metrics.reading(Array(text.utf8)) }

    @Test func vllmTellsItsLoadUnderNewAndOldNames() {
        let new = """
            # HELP vllm:num_requests_running Number of requests in model execution batches.
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="m"} 12.0
            vllm:num_requests_waiting{engine="0",model_name="m"} 3.0
            vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 3.0
            vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
            vllm:num_preemptions_total{engine="0",model_name="m"} 7.0
            vllm:num_preemptions_created{engine="0",model_name="m"} 1.7e+09
            """
        let wanted = LoadReading(running: 12, waiting: 3, kvUsage: 0.25, preemptions: 7)
        #expect(metrics(new) == wanted)
        #expect(metrics(new.replacing("kv_cache_usage_perc", with: "gpu_cache_usage_perc")) == wanted)
        #expect(metrics(new.replacing("vllm:", with: "vllm_")) == wanted)
        #expect(metrics(new.replacing("\n", with: "\r\n")) == wanted)
    }

    @Test func severalEnginesOfOneServerAreAddedUpAndTheFullestCacheCounts() {
        let text = """
            vllm:num_requests_running{engine="0"} 12
            vllm:num_requests_running{engine="1"} 5 1700000000
            vllm:kv_cache_usage_perc{engine="0"} 0.2
            vllm:kv_cache_usage_perc{engine="1"} 0.95
            """
        #expect(metrics(text) == LoadReading(running: 17, kvUsage: 0.95))
    }

    @Test func sglangAndLlamacppTellTheirs() {
        let sglang = """
            sglang:num_running_reqs{model_name="m"} 4.0
            sglang:num_queue_reqs{model_name="m"} 2.0
            sglang:token_usage{model_name="m"} 0.5
            """
        #expect(metrics(sglang) == LoadReading(running: 4, waiting: 2, kvUsage: 0.5))
        let llamacpp =
            "llamacpp:requests_processing 2\nllamacpp:requests_deferred 9\nllamacpp:n_busy_slots_per_decode 1.5\n"
        #expect(metrics(llamacpp) == LoadReading(running: 2, waiting: 9))
        let slots = #"[{"id":0,"is_processing":true},{"id":1,"is_processing":false},{"id":2,"is_processing":true}]"#
        #expect(LoadSource.slots.reading(Array(slots.utf8)) == LoadReading(running: 2))
        let old = #"[{"id":0,"state":1},{"id":1,"state":0}]"#
        #expect(LoadSource.slots.reading(Array(old.utf8)) == LoadReading(running: 1))
        let loads = #"{"loads":[{"num_running_reqs":3,"num_waiting_reqs":1,"token_usage":0.4},{"num_running_reqs":2}]}"#
        #expect(LoadSource.loads.reading(Array(loads.utf8)) == LoadReading(running: 5, waiting: 1, kvUsage: 0.4))
    }

    @Test func labelsMayHoldAnything() {
        #expect(metrics(#"vllm:num_requests_running{model_name="a} 99 \" {b"} 3"#) == LoadReading(running: 3))
        let config = #"vllm:cache_config_info{a="x\",num_gpu_blocks=\"9",block_size="16",num_gpu_blocks="100"} 1.0"#
        #expect(CacheCapacity.vllm(metrics: Array(config.utf8)) == 1_600)
    }

    @Test(arguments: [
        "", "\n\n", "vllm:num_requests_running", "vllm:num_requests_running NaN", "vllm:num_requests_running +Inf",
        "vllm:num_requests_running -3", "vllm:num_requests_running 1e300", "vllm:num_requests_running{", "vllm",
        #"vllm:num_requests_running{a="b 3"#, "# vllm:num_requests_running 3", "<html>", "other_num_requests_running 3",
    ])
    func whatTellsNothingIsNoReading(text: String) {
        #expect(metrics(text) == nil)
        #expect(LoadSource.slots.reading(Array(text.utf8)) == nil)
        #expect(LoadSource.loads.reading(Array(text.utf8)) == nil)
        #expect(CacheCapacity.vllm(metrics: Array(text.utf8)) == 0)
    }

    @Test func hugeNumbersStopAtTheLargest() {
        let sum =
            "vllm:num_requests_running 9e18\nvllm:num_requests_running{a=\"b\"} 9e18\nvllm:kv_cache_usage_perc 7\n"
        #expect(metrics(sum) == LoadReading(running: .max, kvUsage: 1))
        let config = #"vllm:cache_config_info{block_size="9000000000000",num_gpu_blocks="9000000000000"} 1"#
        #expect(CacheCapacity.vllm(metrics: Array(config.utf8)) == .max)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func damagedTextIsReadWithoutTrapping(seed: UInt64) {
        var draw = SeededGenerator(seed: seed)
        let text = """
            vllm:num_requests_running{engine="0",model_name="m\\"x"} 12.0
            vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1
            """
        var bytes = Array(text.utf8)
        for _ in 0..<(1 + draw.below(8)) {
            let marks = Array(#"{}"\= ,"#.utf8)
            bytes[draw.below(bytes.count)] =
                draw.below(2) == 0 ? marks[draw.below(marks.count)] : UInt8(draw.below(256))
        }
        let running = LoadSource.metrics.reading(bytes)?.running ?? 0
        #expect(running >= 0, "seed \(seed)")
        #expect(CacheCapacity.vllm(metrics: bytes) >= 0, "seed \(seed)")
    }
}
