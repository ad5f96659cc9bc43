import Foundation
import Metrics
import Recording

/// What the recorder exposes.
enum RecorderMetrics {
    static let batches = MetricFamily(
        "gensim_recorder_batches_total", .counter, "Transactions that were made durable, each with one sync.")
    static let requests = MetricFamily(
        "gensim_recorder_requests_total", .counter, "Requests in these transactions, refused ones among them.")
    static let written = MetricFamily(
        "gensim_recorder_written_bytes_total", .counter, "Bytes of pages written to the journal.")
    static let commits = MetricFamily(
        "gensim_recorder_commit_duration_seconds", .histogram,
        "Time of a commit: its last pages written to the journal, and the journal synced.")
    static let queued = MetricFamily(
        "gensim_recorder_queued_requests", .gauge, "Requests and questions that wait for the writer.")
    static let size = MetricFamily(
        "gensim_recorder_store_bytes", .gauge, "Bytes of the recording's file and of its journal.", labels: ["kind"])

    static let families = [batches, requests, written, commits, queued, size]

    /// What a running recorder tells when it is asked. The question goes through the writer's queue, so that it shows
    /// whether the writer gets on: while a single write takes longer, there is no answer.
    static func source(_ service: RecorderService, meter: StoreMeter, store path: String) -> MetricsSource {
        MetricsSource(role: "recorder") { reply in
            service.read { store in
                store.failure
            } reply: { result in
                let missing: String?
                switch result {
                case .success(let failure): missing = failure.map { "the store has failed: \($0.what)" }
                case .failure(.failed(let failure)): missing = "the store has failed: \(failure.what)"
                case .failure(.refused(let refusal)): missing = refusal.what
                // The writer has not been heard of.
                case .failure(.overloaded): return reply(nil)
                }
                reply(MetricsReport(missing: missing, page: page(meter.totals, waiting: service.waiting, path)))
            }
        }
    }

    private static func page(_ totals: StoreMeter.Totals, waiting: Int, _ path: String) -> MetricsPage {
        var page = MetricsPage(families)
        page.add(batches, totals.batches)
        page.add(requests, totals.requests)
        page.add(written, totals.writtenBytes)
        page.add(commits, totals.commits)
        page.add(queued, waiting)
        for (kind, suffix) in [("file", ""), ("journal", "-wal")] {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            if let bytes = attributes?[.size] as? Int { page.add(size, bytes, kind) }
        }
        return page
    }
}
