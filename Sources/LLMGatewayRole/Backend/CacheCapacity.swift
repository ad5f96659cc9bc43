import JSON

/// How many tokens a server's cache of keys and values holds, as far as the server tells: 0 otherwise.
enum CacheCapacity {
    /// vLLM's, from its metrics: blocks times tokens of a block, over all its engines.
    static func vllm(metrics body: [UInt8]) -> Int {
        var sum = 0
        PrometheusText(body).forEach(prefixes: ["vllm:cache_config_info", "vllm_cache_config_info"]) { sample in
            guard let blocks = sample.label("num_gpu_blocks").flatMap({ Int($0) }),
                let size = sample.label("block_size").flatMap({ Int($0) })
            else { return }
            sum = bounded(sum, plus: product(blocks, size))
        }
        return sum
    }

    /// SGLang's, from its account of itself.
    static func sglang(serverInfo info: JSONValue) -> Int { max(0, info["max_total_num_tokens"]?.intValue ?? 0) }

    /// llama.cpp's: the context of each slot.
    static func llamacpp(context: UInt32, slots: UInt32) -> Int { product(Int(context), max(1, Int(slots))) }

    private static func product(_ left: Int, _ right: Int) -> Int {
        guard left > 0, right > 0 else { return 0 }
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? .max : product
    }

    private static func bounded(_ left: Int, plus right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
