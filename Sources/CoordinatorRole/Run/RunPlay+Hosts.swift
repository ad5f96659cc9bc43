import ClusterLogic
import Model
import ServiceRuntime
import Support
import Transport
import Wire

extension RunPlay {
    mutating func register(_ request: RegisterHost, _ responder: Responder, _ now: Instant) {
        guard request.programVersion == ProgramVersion.current else {
            let what = "the host \(request.name) is of version \(request.programVersion)"
            responder.fail(
                Problem(.invalid, what, advice: "start it from version \(ProgramVersion.current), as the run was"))
            return
        }
        switch machine.register(name: request.name, incarnation: request.incarnation) {
        case .later(let reason):
            responder.fail(
                Problem(.unavailable, reason, advice: "ask again, or give the host a name that no other has"))
        case .fenced(let reason):
            responder.fail(Problem(.fenced, reason, advice: "register as a new incarnation"))
        case .accepted(let host, let actions):
            peers.bind(
                host, to: responder.sender, endpoint: request.endpoint, name: request.name,
                incarnation: request.incarnation)
            membership.hear(host, now: now)
            var reply = welcome
            reply.host = host
            responder.reply(reply)
            logger.info("host registered", metadata: ["host": "\(request.name)", "number": "\(host)"])
            perform(actions, now)
        }
    }

    /// Whether a message is of a host that takes part. Who does not is told so.
    mutating func recognise(_ host: UInt32, _ responder: Responder, _ now: Instant) -> Bool {
        let recognition = machine.isPresent(host) ? peers.recognise(responder.sender, as: host) : .stranger
        switch recognition {
        case .known: break
        case .reconnected:
            // What was sent to the old connection may be lost.
            perform(machine.commands(for: host), now)
        case .stranger:
            commands.dismiss(host, at: responder.sender, reason: "host \(host) has no part in the run any more")
            return false
        }
        membership.hear(host, now: now)
        return true
    }

    mutating func fail(_ failure: HostFailed, _ now: Instant) {
        let error = failure.problem.userError(at: machine.hostName(failure.host) ?? "host \(failure.host)")
        // What it lost the right to, or cannot reach from where it is, another host may well do.
        let isLocal = failure.problem.code == .fenced || failure.problem.code == .unavailable
        if isLocal { printer.say("\(error): its partitions go to others") }
        handle(.hostFailed(host: failure.host, reason: "\(error)", local: isLocal), now, blaming: error)
    }

    /// A process that we started is gone.
    mutating func lose(_ loss: LocalCluster.Loss, _ now: Instant) {
        processesLost += 1
        logger.notice("a process was lost", metadata: ["process": "\(loss.name)"])
        if let host = machine.host(named: loss.name) {
            forget(host)
            handle(.hostLost(host: host), now)
        }
        guard !loss.isRestarted else {
            printer.say("\(loss.explanation); it is started again")
            return
        }
        let error = UserError(loss.explanation, exitCode: .temporaryFailure)
        let isRecorder = loss.name == ServiceNames.recorder
        recorderIsLost = recorderIsLost || isRecorder
        // Turns can end without a host, and not without what they call.
        let isHost = loss.name.hasPrefix(Programs.hostPrefix)
        handle(
            isRecorder
                ? .recorderFailed(reason: loss.explanation) : .lost(reason: loss.explanation, drains: isHost),
            now, blaming: error)
    }
}
