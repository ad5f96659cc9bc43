import Foundation
import Glibc
import Model
import ServiceRuntime
import Support
import Transport
import Wire

/// One call of `coordinator stories`.
struct StoriesSession: Sendable {
    let options: StoriesOptions
    let context: ServiceContext
    let environment: [String: String]
    /// What a second signal takes down on the spot.
    let emergency: Emergency

    /// Records without a story after which no more are asked for: the prompt or the model does not do.
    private static let failureLimit = 20

    /// Writes the stories that are missing.
    func run() async throws {
        guard let population = options.population, let path = options.out else { return }
        let out = FilePaths.absolute(path)
        guard out != FilePaths.absolute(population) else {
            throw UserError(
                "the population would be written over", at: path, advice: "name another file by --out",
                exitCode: .usage)
        }
        let read = try StoryPopulation(file: population, field: options.field)
        let records = read.records
        let template = try StoryTemplate(file: options.template, records: records)
        var settings = StorySettings(
            population: read.hash.description, template: template.hash.description, field: options.field,
            seed: options.seed, model: options.model, temperature: UInt32((options.temperature * 1000).rounded()),
            maxTokens: options.maxTokens)
        var files = try StoryFiles(out: out, records: records, settings: settings)
        defer { files.discardIfUnused() }
        let earlier = files.progress.settings
        let missing = records.prefix(options.limit ?? .max).filter { files.progress.stories[$0.number] == nil }
        guard !missing.isEmpty else {
            return StandardOutput.write(StoryTally().report(files, of: records.count, at: path))
        }
        let node = try TransportNode(name: "stories.net", clock: context.clock)
        defer { node.close() }
        let lost = Guarded<UserError?>(nil)
        var tally: StoryTally
        do {
            let (llm, model) = try await untilStop {
                try await gateway(node, wanted: options.model ?? earlier?.model) { loss in
                    guard !loss.isRestarted else { return }
                    lost.withLock {
                        $0 = $0 ?? UserError(loss.explanation, at: loss.name, exitCode: .unavailable)
                    }
                    // Nobody will answer any more.
                    node.close()
                }
            }
            settings.model = model
            if let earlier {
                try settings.check(against: earlier, file: StoryFiles.logPath(of: path))
            } else {
                try files.begin(settings)
            }
            let calls = StoryCalls(
                settings: settings, template: template,
                scope: "stories#\(String(UInt64.random(in: 1 ... .max), radix: 16))", llm: llm)
            tally = try await ask(missing, calls, &files)
            try files.sync()
        } catch {
            await takeDown()
            throw lost.withLock { $0 } ?? explained(error)
        }
        if let lost = lost.withLock({ $0 }), tally.problem != nil { tally.problem = lost }
        await takeDown()
        let isStopped = context.stop.reason != nil && tally.asked < missing.count
        try tally.check(kept: files.progress.stories.count, isStopped: isStopped, at: path)
        StandardOutput.write(tally.report(files, of: records.count, at: path))
    }

    /// Asks for the stories, many at a time, and writes each as it comes.
    private func ask(_ missing: [StoryRecord], _ calls: StoryCalls, _ files: inout StoryFiles) async throws
        -> StoryTally
    {
        var tally = StoryTally()
        var printer = ProgressPrinter(style: ProgressStyle.current(quiet: options.quiet))
        let done = files.progress.stories.count
        context.stop.onRequest { _ in
            StandardError.write("coordinator: stopping with what is under way; a second signal does not wait for it\n")
        }
        // A group of pairs of a record and its result gives nil at once in an optimized build (Swift 6.3.1): its tasks
        // give the record's place alone.
        let results = Guarded<[Int: Result<StoryEntry, any Error>]>([:])
        try await withThrowingTaskGroup(of: Int.self) { group in
            var next = 0
            var underWay = 0
            while true {
                // Who stops still gets what is under way: it will be paid for.
                while underWay < options.inFlight, tally.problem == nil, context.stop.reason == nil,
                    tally.failures.count < Self.failureLimit, next < missing.count
                {
                    let (place, record) = (next, missing[next])
                    let earlier = files.progress.attempts[record.number] ?? 0
                    group.addTask {
                        let result: Result<StoryEntry, any Error>
                        do {
                            result = .success(try await calls.ask(record, earlier: earlier))
                        } catch {
                            result = .failure(error)
                        }
                        results.withLock { $0[place] = result }
                        return place
                    }
                    next += 1
                    underWay += 1
                }
                guard let place = try await group.next(), let result = results.withLock({ $0[place] }) else { break }
                results.withLock { $0[place] = nil }
                let record = missing[place]
                underWay -= 1
                switch result {
                case .success(let entry):
                    let earlier = files.progress.attempts[record.number] ?? 0
                    try files.append(entry)
                    tally.count(entry, of: record, earlier: earlier, allowed: calls.settings.maxTokens)
                    if let failure = entry.failure {
                        printer.say("\(record.name): no story: \(failure)")
                    }
                case .failure(let error):
                    if tally.problem == nil { tally.problem = explained(error, record) }
                }
                let (told, asked, wanted) = (done + tally.asked - tally.failures.count, tally.asked, missing.count)
                printer.update(now: context.clock.now()) {
                    "stories: \(asked) of \(wanted) asked for, \(told) in all, \(tally.completionTokens) tokens"
                }
            }
        }
        printer.close()
        return tally
    }

    /// A gateway of our own before the model servers, and the model that they serve.
    private func gateway(
        _ node: TransportNode, wanted: String?, onLoss: @escaping @Sendable (LocalCluster.Loss) -> Void
    ) async throws -> (WireClient, String) {
        let sockets = try SocketFolder.make(environment: environment)
        emergency.take(sockets)
        let cluster = try LocalCluster(logs: sockets.file("logs"), environment: environment, onLoss: onLoss)
        emergency.take(cluster)
        let starter = ServiceStarter(
            sockets: sockets, cluster: cluster, servesMetrics: false, further: [:], vectorFolder: nil, host: nil,
            lease: 6)
        let servers = RunFile.Servers(
            llm: options.llm,
            emulatorArguments: (options.emulatorArgs ?? "").split(separator: " ").map(String.init),
            keyFile: options.llmKeyFile.map(FilePaths.absolute))
        let models = try await starter.modelServers(servers)
        let endpoint = try await starter.llmGateway(models, model: wanted, memoryModel: nil)
        // Tells a restart from a lost connection; no result depends on it.
        let introduction = PeerIntroduction(
            role: "stories", name: "stories-\(getpid())", incarnation: .random(in: 1 ... .max))
        let llm = WireClient(try node.connect(endpoint, introduction: introduction))
        let probe = try await Probe.ask(llm: llm, embedding: nil, wanting: wanted)
        return (llm, try probe.model())
    }

    /// Waits for `work`, or until somebody asks to stop.
    private func untilStop<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task { try await work() }
        context.stop.onRequest { _ in task.cancel() }
        do {
            return try await task.value
        } catch is CancellationError {
            throw UserError("stopped before anything was asked", exitCode: .interrupted)
        }
    }

    private func explained(_ error: any Error, _ record: StoryRecord? = nil) -> any Error {
        let place = record?.name ?? "--llm"
        if let problem = error as? Problem { return problem.userError(at: place) }
        return error
    }

    /// Ends what was started for the stories.
    private func takeDown() async {
        await emergency.cluster?.takeDown()
        emergency.sockets?.remove()
    }
}
