import Metrics

/// What is sent back.
struct MetricsReply: Equatable {
    var status: Int
    var type: String
    var body: [UInt8]

    init(status: Int, _ line: String) { self.init(status: status, body: Array("\(line)\n".utf8)) }

    private init(status: Int, type: String = "text/plain; charset=utf-8", body: [UInt8]) {
        self.status = status
        self.type = type
        self.body = body
    }

    /// What is said at `path` when the main loop has given `report`, or nothing in time.
    init(_ path: MetricsPath, _ report: MetricsReport?, role: String, version: String, limitSeconds: Double) {
        let silence = "the main loop has not answered within \(limitSeconds) s"
        switch (path, report) {
        case (.alive, .some): self.init(status: 200, "alive")
        case (.alive, nil): self.init(status: 503, silence)
        case (.ready, nil): self.init(status: 503, silence)
        case (.ready, let report?):
            // One line, whatever its words came from.
            let missing = report.missing.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
            self.init(status: missing == nil ? 200 : 503, missing ?? "ready")
        case (.metrics, _):
            // What the process uses is worth knowing above all when its loop is silent.
            let process = ProcessMetrics.page(
                role: role, version: version, answers: report != nil, isReady: report.map { $0.missing == nil } ?? false
            )
            self.init(
                status: 200, type: MetricsPage.mediaType, body: process.bytes + (report?.page.bytes ?? []))
        }
    }
}
