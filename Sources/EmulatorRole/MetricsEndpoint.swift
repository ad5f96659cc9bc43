import GPUEmulation

/// `/metrics`, under the names that the engine has for them. Only a server with a GPU has more than its load to tell.
extension EmulatorCore {
    func metrics() -> [UInt8] {
        let load = load
        var text = MetricsText()
        switch options.engine {
        case .vllm, .vllmOld:
            text.labels = "model_name=\"\(MetricsText.escaped(options.model))\""
            text.append(.gauge, "vllm:num_requests_running", load.running)
            text.append(.gauge, "vllm:num_requests_waiting", load.waiting)
            if let model = gpu?.model { vllm(model, &text) }
        case .sglang:
            text.labels = "model_name=\"\(MetricsText.escaped(options.model))\""
            text.append(.gauge, "sglang:num_running_reqs", load.running)
            text.append(.gauge, "sglang:num_queue_reqs", load.waiting)
            if let model = gpu?.model { sglang(model, &text) }
        case .llamacpp:
            text.append(.gauge, "llamacpp:requests_processing", load.running)
            text.append(.gauge, "llamacpp:requests_deferred", load.waiting)
            if let model = gpu?.model { llamacpp(model, &text) }
        default:
            text.append(.gauge, "te_requests_running", load.running)
            text.append(.gauge, "te_queue_size", load.waiting)
        }
        return Array(text.text.utf8)
    }

    private func vllm(_ model: GPUModel, _ text: inout MetricsText) {
        let counters = model.counters
        let isOld = options.engine == .vllmOld
        text.append(.gauge, isOld ? "vllm:gpu_cache_usage_perc" : "vllm:kv_cache_usage_perc", model.kvUsage)
        let prefix = isOld ? "vllm:gpu_prefix_cache" : "vllm:prefix_cache"
        text.append(.counter, "\(prefix)_queries_total", counters.prefixQueries)
        text.append(.counter, "\(prefix)_hits_total", counters.prefixHits)
        text.append(.counter, "vllm:num_preemptions_total", counters.preemptions)
        text.append(.counter, "vllm:prompt_tokens_total", counters.promptTokens)
        text.append(.counter, "vllm:generation_tokens_total", counters.answerTokens)
        text.begin("vllm:request_success_total", "counter")
        for (reason, count) in [("stop", counters.finished), ("abort", counters.aborted)] {
            text.append("vllm:request_success_total", labels: "finished_reason=\"\(reason)\"", Double(count))
        }
        text.append("vllm:time_to_first_token_seconds", counters.firstToken)
        text.append("vllm:request_queue_time_seconds", counters.queued)
        text.begin("vllm:cache_config_info", "gauge")
        text.append(
            "vllm:cache_config_info",
            labels: "block_size=\"\(model.parameters.blockTokens)\",num_gpu_blocks=\"\(model.parameters.blockCount)\","
                + "enable_prefix_caching=\"\(model.parameters.prefixCache ? "True" : "False")\"", 1)
    }

    private func sglang(_ model: GPUModel, _ text: inout MetricsText) {
        let counters = model.counters
        let blockTokens = model.parameters.blockTokens
        text.append(.gauge, "sglang:token_usage", model.kvUsage)
        text.append(.gauge, "sglang:num_used_tokens", model.heldBlocks * blockTokens)
        text.append(.gauge, "sglang:max_total_num_tokens", model.parameters.blockCount * blockTokens)
        text.append(.gauge, "sglang:cache_hit_rate", counters.hitRate)
        text.append(.counter, "sglang:cached_tokens_total", counters.prefixHits)
        text.append(.counter, "sglang:prompt_tokens_total", counters.promptTokens)
        text.append(.counter, "sglang:generation_tokens_total", counters.answerTokens)
        text.append(.counter, "sglang:num_requests_total", counters.finished)
        text.append(.counter, "sglang:num_aborted_requests_total", counters.aborted)
        text.append(.counter, "sglang:num_retracted_reqs_total", counters.preemptions)
        text.append("sglang:time_to_first_token_seconds", counters.firstToken)
        text.append("sglang:queue_time_seconds", counters.queued)
    }

    private func llamacpp(_ model: GPUModel, _ text: inout MetricsText) {
        let counters = model.counters
        text.append(.gauge, "llamacpp:kv_cache_usage_ratio", model.kvUsage)
        text.append(.gauge, "llamacpp:kv_cache_tokens", model.heldBlocks * model.parameters.blockTokens)
        text.append(.counter, "llamacpp:prompt_tokens_total", counters.promptTokens)
        text.append(.counter, "llamacpp:tokens_predicted_total", counters.answerTokens)
        text.append(.counter, "llamacpp:n_decode_total", counters.steps)
        text.append(
            .gauge, "llamacpp:n_busy_slots_per_decode",
            counters.steps > 0 ? Double(counters.sequencesInSteps) / Double(counters.steps) : 0)
    }
}
