import Support

/// Runs `work`, which waits for the coordinator that plays the run in `folder`, and gives it up as soon as that is
/// gone: nil then. With `pid` that process is meant, and another that plays the run is none. A process that was killed
/// says nothing over its socket for seconds; its file tells at once.
func whilePlayed<Value: Sendable>(
    _ folder: String, by pid: Int32? = nil, every interval: Duration = .milliseconds(100),
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask {
            do {
                return try await work()
            } catch {
                // What went wrong because it has left is no news of its own.
                guard try !RunFile.isPlayed(folder, by: pid) else { throw error }
                return nil
            }
        }
        group.addTask {
            while try RunFile.isPlayed(folder, by: pid) { try await Task.sleep(for: interval) }
            return nil
        }
        return try await group.next() ?? nil
    }
}
