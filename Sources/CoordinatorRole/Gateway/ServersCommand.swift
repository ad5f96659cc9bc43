import ArgumentParser
import ServiceRuntime
import Support
import Wire

/// `coordinator servers`.
struct ServersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "Lists, adds, drains and removes model servers while a run is played.",
        discussion: """
            coordinator servers list runs/market-001
            coordinator servers add http://gpu7:8000 runs/market-001
            coordinator servers drain http://gpu3:8000 --gateway tcp://127.0.0.1:7001

            A name in an address stands for all servers behind it; one of them is named by its numeric address, as the \
            list shows it. What is changed so lasts until the gateway ends.
            """,
        subcommands: [ListServersCommand.self, AddServer.self, DrainServer.self, RemoveServer.self])
}

/// `coordinator servers list`.
struct ListServersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the servers, and how they are.")

    @OptionGroup var access: GatewayAccess
    @OptionGroup var service: ServiceOptions

    func run() throws {
        try access.ask(
            ListServers(), expecting: ServersListed.self, limit: GatewayAccess.shortLimit, service,
            text: { ServerTable.text($0.servers) }, check: { _ in })
    }
}

/// `coordinator servers add`.
struct AddServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a server: it is probed, and gets requests once it answers.")

    @OptionGroup var change: ServerChangeOptions

    func run() throws { try change.perform(.add) }
}

/// `coordinator servers drain`.
struct DrainServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Lets a server finish what it has; it gets nothing more, and leaves.")

    @OptionGroup var change: ServerChangeOptions

    func run() throws { try change.perform(.drain) }
}

/// `coordinator servers remove`.
struct RemoveServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a server at once; what it has is asked elsewhere.")

    @OptionGroup var change: ServerChangeOptions

    func run() throws { try change.perform(.remove) }
}

/// What add, drain and remove have in common.
struct ServerChangeOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The server's address, http://HOST:PORT.", valueName: "url"))
    var url: String

    @OptionGroup var access: GatewayAccess
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw ValidationError("`\(url)` is no server: give http://HOST:PORT or https://HOST")
        }
    }

    func perform(_ command: ServerCommand) throws {
        try access.ask(
            ChangeServers(command: command, url: url), expecting: ServersListed.self, limit: GatewayAccess.shortLimit,
            service, text: { ServerTable.text($0.servers) }, check: { _ in })
    }
}
