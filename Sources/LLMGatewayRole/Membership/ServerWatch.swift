import Support

/// Watches the servers' file, and asks what names stand for, on threads of its own.
final class ServerWatch: Sendable {
    private struct Names {
        var wanted: [String] = []
        var asked: Set<String> = []
    }

    private let names: Guarded<Names>
    private let isForced: Guarded<Bool>
    private let resolving: BackgroundWork
    private let reading: BackgroundWork?

    /// Starts to watch; what is learnt goes to `tell`, on any thread.
    init(_ sources: ServerSources, tell: @escaping @Sendable (ServerNews) -> Void) throws(UserError) {
        let names = Guarded(Names())
        let isForced = Guarded(false)
        let (interval, lookUp) = (sources.resolveInterval, sources.lookUp)
        resolving = try BackgroundWork(name: "names", every: interval) {
            let due = names.withLock { names in
                let due = names.wanted.filter { interval != nil || !names.asked.contains($0) }
                names.asked.formUnion(due)
                return due
            }
            for name in due { tell(.resolved(name: name, lookUp(name))) }
        }
        reading = try Self.reading(sources, isForced, tell)
        self.names = names
        self.isForced = isForced
    }

    private static func reading(
        _ sources: ServerSources, _ isForced: Guarded<Bool>, _ tell: @escaping @Sendable (ServerNews) -> Void
    ) throws(UserError) -> BackgroundWork? {
        guard let file = sources.file else { return nil }
        let watch = Guarded(FileWatch(taken: sources.stamp))
        return try BackgroundWork(name: "servers file", every: sources.fileInterval) {
            let isWanted = isForced.withLock { forced in
                defer { forced = false }
                return forced
            }
            let isChanged = watch.withLock { $0.look(FileStamp.of(file)) }
            guard isWanted || isChanged else { return }
            do throws(UserError) {
                tell(.file(try ServerFile.addresses(at: file)))
            } catch {
                tell(.fault(error))
            }
        }
    }

    /// From now on these names are asked for, new ones at once.
    func resolve(_ wanted: [String]) {
        let isNew = names.withLock { names in
            let isNew = wanted.contains { !names.wanted.contains($0) }
            names.wanted = wanted
            names.asked.formIntersection(wanted)
            return isNew
        }
        if isNew { resolving.wake() }
    }

    /// Reads the file now, changed or not.
    func reload() {
        isForced.withLock { $0 = true }
        reading?.wake()
    }

    /// Watches no more.
    func stop() {
        resolving.stop()
        reading?.stop()
    }
}
