import GatewayLogic
import Model
import Support
import Wire

/// Calls that ask how many tokens a prompt has. They go the way of all calls; only some servers can answer them.
extension GatewayCore {
    /// What is said where none of them is left.
    static var noCount: Problem {
        Problem(
            .misconfigured, "no server counts the tokens of prompts, and the run was started with servers that do",
            advice: "go on with servers like those that it was started with")
    }

    /// Sends a call to a server that counts, where the queue chose one that does not: servers of another kind were
    /// added while the run is played. It takes no place in that server's window, since no GPU works for it.
    mutating func countElsewhere(_ call: Call, at now: Instant) {
        let wanted = call.request.spec.model
        let name = wanted.isEmpty ? model ?? "" : wanted
        let able = book.servers.filter { book.counts($0) && fleet.serves($0, name) }
        guard !able.isEmpty else { return giveUp(call, Self.noCount, at: now) }
        guard let server = able.first(where: { fleet.isUsable($0, at: now) }) else {
            call.lastTrouble = "no server that counts tokens works"
            return tryAgain(call, isBusy: true, at: now)
        }
        send(call, queue.assign(call.waiting(.returning), on: server, at: now), isHedge: false, at: now)
    }
}
