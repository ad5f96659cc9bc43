import ClusterLogic
import Hashing
import Model
import ServiceRuntime
import SimulationKit
import Support
import Wire

/// Requests for interventions that are not answered yet.
struct WaitingInterventions {
    /// One of them, with everybody who waits for its answer: the same request may come again.
    struct Request {
        var rows: [InterventionRow]
        var responders: [Responder]
    }

    private var requests: [Digest128: Request] = [:]
    /// Connections that may wait for the answer to one request.
    private static let mostResponders = 16

    /// What the request wants to be kept; nothing where it is not known.
    func rows(of request: Digest128) -> [InterventionRow] { requests[request]?.rows ?? [] }

    /// Notes a request, or that it came again. Other interventions under its number are refused.
    mutating func add(_ request: Digest128, _ rows: [InterventionRow], _ responder: Responder) throws(Problem) {
        var known = requests[request] ?? Request(rows: rows, responders: [])
        guard known.rows == rows else {
            throw Problem(
                .conflict, "other interventions wait under the number \(request)",
                advice: "repeat the same ones, or draw a new number")
        }
        if known.responders.count == Self.mostResponders { known.responders.removeFirst() }
        known.responders.append(responder)
        requests[request] = known
    }

    /// Everybody who waits for the answer, which is given now.
    mutating func take(_ request: Digest128) -> [Responder] {
        requests.removeValue(forKey: request)?.responders ?? []
    }
}

extension RunPlay {
    /// A person intervenes. What the run cannot carry out is refused before anything is written.
    mutating func intervene(_ message: Intervene, _ responder: Responder, _ now: Instant) {
        do {
            var rows: [InterventionRow] = []
            for (place, value) in message.interventions.enumerated() {
                let intervention = try Intervention(value, at: "interventions[\(place)]")
                try check(intervention, "interventions[\(place)]")
                rows.append(InterventionRow(round: intervention.round, content: intervention.value))
            }
            try interventions.add(message.request, rows, responder)
        } catch let problem as Problem {
            responder.fail(problem)
            return
        } catch let error as UserError {
            let place = error.place.isEmpty ? "" : "\(error.place): "
            responder.fail(Problem(.invalid, place + error.what, advice: error.advice))
            return
        } catch {
            responder.fail(Problem(.invalid, "\(error)"))
            return
        }
        handle(.interventionRequested(message.request), now)
    }

    /// The recorder has kept the interventions of a request, or refused them.
    mutating func intervened(
        _ number: UInt64, _ request: Digest128, _ result: Result<[UInt32], Problem>, _ now: Instant
    ) {
        let responders = interventions.take(request)
        switch result {
        case .success(let rounds):
            if let first = rounds.min() {
                printer.say("an intervention was accepted; it takes effect with round \(first)")
            }
            for responder in responders { responder.reply(Intervened(rounds: rounds)) }
        case .failure(let problem): for responder in responders { responder.fail(problem) }
        }
        handle(.recorded(number, .done), now)
    }

    /// The machine does not take the interventions of a request. They may be durable all the same: where the request
    /// came before, or the recorder's answer never came.
    mutating func decline(_ request: Digest128) {
        for responder in interventions.take(request) {
            responder.fail(
                Problem(
                    .unavailable,
                    "the run takes no interventions now: it ends, or too many wait. "
                        + "They may have been kept all the same",
                    advice: "ask again under the same number, which changes nothing where they were"))
        }
    }

    /// Asks the recorder for what the machine wants.
    func record(_ number: UInt64, _ what: RoundMachine.Request) {
        if case .intervene(let request) = what {
            recorder.intervene(number, request, interventions.rows(of: request))
        } else {
            recorder.perform(number, what)
        }
    }
}
