import Glibc
import Support

/// What every process tells of itself, whatever its role.
public enum ProcessMetrics {
    static let processorTime = MetricFamily(
        "process_cpu_seconds_total", .counter, "Processor time of the process, user and system.")
    static let resident = MetricFamily("process_resident_memory_bytes", .gauge, "Resident memory of the process.")
    static let openFiles = MetricFamily("process_open_fds", .gauge, "Open file descriptors of the process.")
    static let build = MetricFamily(
        "gensim_build_info", .gauge, "Always 1, with the version and the role of the process.",
        labels: ["version", "role"])
    static let answers = MetricFamily(
        "gensim_loop_answers", .gauge, "1 when the main loop of the process answered within a second, else 0.")
    static let isReady = MetricFamily(
        "gensim_ready", .gauge, "1 when the process can do its work, else 0; /readyz says what is missing.")

    /// All of them.
    public static let families = [processorTime, resident, openFiles, build, answers, isReady]

    /// Their page as of now. `answers`: whether the main loop did; `isReady`: what it said of its work.
    public static func page(role: String, version: String, answers: Bool, isReady: Bool) -> MetricsPage {
        var page = MetricsPage(families)
        let usage = ResourceUsage.current()
        page.add(processorTime, usage.userSeconds + usage.systemSeconds)
        page.add(resident, usage.residentBytes)
        if let count = openDescriptors() { page.add(openFiles, count) }
        page.add(build, 1, version, role)
        page.add(Self.answers, answers ? 1 : 0)
        page.add(Self.isReady, isReady ? 1 : 0)
        return page
    }

    /// Entries of `/proc/self/fd`, without the one that the count itself needs; nil where it cannot be read.
    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            // Numbers only, not the folder itself and the one above.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count - 1
    }
}
