import Curl
import GatewayLogic
import Support
import Wire

/// Servers come and go while the gateway runs.
extension GatewayDriver {
    /// Adds the servers of the command line and of the file.
    func startServers() { apply(roster.start(), isSudden: false) }

    /// The file or a name says something new.
    func heard(_ news: ServerNews) {
        switch news {
        case .file(let addresses):
            logger.info("the servers' file lists \(addresses.count) addresses")
            apply(roster.read(addresses), isSudden: false)
        case .fault(let error): logger.error("nothing is changed: \(error)")
        case .resolved(let name, let addresses):
            if addresses == nil { logger.debug("\(name): cannot be resolved") }
            apply(roster.resolved(name, addresses), isSudden: false)
        }
    }

    /// Tells which servers there are.
    func list(_ asker: Asker) { reply(asker, .servers(listed())) }

    /// Does what a command says, and tells which servers there are then.
    func change(_ wish: ChangeServers, for asker: Asker) {
        let address: String
        do throws(UserError) {
            address = try ServerAccess.address(wish.url, LLMGatewayOptions.names)
        } catch {
            return reply(asker, .failed(Problem(.invalid, error.what, advice: "write http://HOST:PORT")))
        }
        switch wish.command {
        case .add:
            guard contacts.count < ServerRoster.most else {
                return reply(asker, .failed(Problem(.overloaded, "there are \(contacts.count) servers already")))
            }
            apply(roster.add(address), isSudden: false)
        case .drain, .remove:
            if let change = roster.withdraw(address) {
                apply(change, isSudden: wish.command == .remove)
            } else if let server = server(at: address) {
                // It is on its way out already, and may be wanted gone at once.
                if wish.command == .remove { core.remove(server, at: clock.now()) }
            } else {
                return reply(
                    asker,
                    .failed(Problem(.notFound, "there is no server \(address)", advice: "see the list of servers")))
            }
        }
        reply(asker, .servers(listed()))
    }

    /// The server at an address; nil when there is none.
    func server(at url: String) -> ServerID? { contacts.first { $0.value.url == url }?.key }

    private func apply(_ change: BackendChange, isSudden: Bool) {
        let now = clock.now()
        for endpoint in change.added {
            logger.info("\(endpoint.url): added\(endpoint.host.map { ", behind \($0)" } ?? "")")
            let server = core.add(endpoint.url, at: now)
            contacts[server] = ServerContact(endpoint, headers: access.headers)
        }
        for endpoint in change.drained {
            guard let server = server(at: endpoint.url) else { continue }
            if isSudden { core.remove(server, at: now) } else { core.drain(server, at: now) }
        }
        core.book.isIncomplete = !roster.isComplete
        core.tellDescriptions()
        namesChanged(roster.names)
    }

    private func listed() -> [ListedServer] {
        core.fleet.statuses(at: clock.now()).map { status in
            status.listed(
                host: contacts[status.server]?.host ?? "", profile: core.book.profile(status.server))
        }
    }
}
