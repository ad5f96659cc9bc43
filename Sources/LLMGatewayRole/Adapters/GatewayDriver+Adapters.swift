import Curl
import GatewayLogic
import Support
import Wire

/// Adapters are loaded and unloaded while the gateway runs.
extension GatewayDriver {
    /// Results of one wish, as they come in.
    private final class Job {
        var open: Set<ServerID>
        var results: [AdapterResult] = []

        init(_ servers: [ServerID]) { open = Set(servers) }
    }

    /// Asks every server that is meant, and tells what came of it once all have answered: those that have the adapter
    /// get calls for it from then on.
    func manage(_ wish: ManageAdapter, for asker: Asker) {
        if let problem = AdapterRequest.obstacle(wish) { return reply(asker, .failed(problem)) }
        let known = Dictionary(contacts.map { ($0.value.url, $0.key) }) { first, _ in first }
        let named = wish.servers.map { url in
            (url, known[(try? ServerAccess.address(url, LLMGatewayOptions.names)) ?? url])
        }
        let servers = wish.servers.isEmpty ? contacts.keys.sorted() : Set(named.compactMap(\.1)).sorted()
        let isNew = wish.servers.isEmpty && wish.command == .load && wantedAdapters[wish.name] == nil
        guard !isNew || wantedAdapters.count < AdapterRequest.most else {
            return reply(
                asker,
                .failed(
                    Problem(
                        .overloaded, "there are \(wantedAdapters.count) adapters already", advice: "unload some")))
        }
        if wish.servers.isEmpty { wantedAdapters[wish.name] = wish.command == .load ? wish.path : nil }
        let job = Job(servers)
        job.results = named.filter { $0.1 == nil }.map { url, _ in
            AdapterResult(url: url, problem: Problem(.notFound, "there is no such server"))
        }
        guard !servers.isEmpty else { return reply(asker, .adapters(job.results)) }
        for server in servers {
            let url = contacts[server]?.url ?? ""
            perform(wish, on: server) { [weak self] problem in
                job.results.append(AdapterResult(url: url, problem: problem))
                job.open.remove(server)
                guard job.open.isEmpty else { return }
                self?.reply(asker, .adapters(job.results.sorted { $0.url < $1.url }))
            }
        }
    }

    /// Gives a server what all are to have: it was added later, or was started again.
    func loadMissingAdapters(on server: ServerID) {
        guard let profile = core.book.profile(server), core.book.problem(server) == nil else { return }
        for (name, path) in wantedAdapters.sorted(by: { $0.key < $1.key }) where !profile.facts.serves(name) {
            let wish = ManageAdapter(command: .load, name: name, path: path)
            guard AdapterRequest(wish, engine: profile.engine) != nil else { continue }
            perform(wish, on: server) { _ in }
        }
    }

    /// Asks one server, and then what it serves: only that tells whether it worked.
    private func perform(_ wish: ManageAdapter, on server: ServerID, completion: @escaping (Problem?) -> Void) {
        guard let contact = contacts[server], let profile = core.book.profile(server) else {
            return completion(AdapterRequest.problem(wish, engine: .vllm, nil))
        }
        guard let request = AdapterRequest(wish, engine: profile.engine) else {
            return look(wish, server, contact, nil, completion)
        }
        prober.ask(contact, request) { [weak self] reply in self?.look(wish, server, contact, reply, completion) }
    }

    private func look(
        _ wish: ManageAdapter, _ server: ServerID, _ contact: ServerContact,
        _ reply: Result<HTTPResponse, HTTPFailure>?, _ completion: @escaping (Problem?) -> Void
    ) {
        prober.probe(contact) { [weak self] result in
            guard let self else { return }
            let word = wish.command == .load ? "loaded" : "unloaded"
            var problem: Problem?
            switch result {
            case .success(let profile):
                core.relearned(server, profile, at: clock.now())
                if profile.facts.serves(wish.name) != (wish.command == .load) {
                    problem = AdapterRequest.problem(wish, engine: profile.engine, reply)
                }
            case .failure:
                core.fleet.askAgain(server)
                problem = Problem(.unavailable, "it does not tell what it serves", advice: "see the list of servers")
            }
            if let problem {
                logger.warning("\(contact.url): the adapter \(wish.name) is not \(word): \(problem.what)")
            } else {
                logger.info("\(contact.url): the adapter \(wish.name) is \(word)")
            }
            completion(problem)
        }
    }
}
