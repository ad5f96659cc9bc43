import GatewayLogic
import JSON
import Model
import Support
import Wire

/// Calls that want the distribution of their options: read once for all who ask the same, drawn from by each.
extension GatewayCore {
    /// Draws a call's answer from what the server told, or goes on another way.
    mutating func draw(from reply: ChatCompletionReply, of call: Call, by way: ReadingWay, at now: Instant) {
        guard case .choice(let options) = call.request.spec.constraint else {
            preconditionFailure("a distribution is read of something else than a choice")
        }
        do throws(UnreadableDistribution) {
            let distribution = try DistributionReader.read(
                reply.alternatives, by: way, options: options, sampling: call.request.spec.sampling)
            call.distribution = distribution
            counters.drawn += 1
            finish(call, answer: options[distribution.draw(seed: call.request.seeds[0])], rejection: "", at: now)
        } catch {
            goOn(call, past: way, because: error.reason, at: now)
        }
    }

    /// A server refused to tell the probabilities: nobody who asks the same gets them this way.
    mutating func unreadable(
        _ call: Call, by way: ReadingWay, because reason: String, others: [UInt64], at now: Instant
    ) {
        for other in others { cancelFlight(other, at: now) }
        if let work = call.leads { shared.abandon(work, by: call.number) }
        call.leads = nil
        let followers = takeFollowers(of: call)
        goOn(call, past: way, because: reason, at: now)
        for follower in followers {
            queue.release(follower.bytes)
            follower.place = .flying([])
            goOn(follower, past: way, because: reason, at: now)
        }
    }

    /// The next way for a call that is at no server and counted nowhere: another reading, or its own sample.
    mutating func goOn(_ call: Call, past way: ReadingWay, because reason: String, at now: Instant) {
        call.fallback += call.fallback.isEmpty ? reason : "; " + reason
        if way == .firstToken, book.isAnyDeciding(among: call.choices) {
            call.reading = .decision
        } else {
            call.reading = nil
            counters.unread += 1
        }
        queue.takeBack(call.bytes)
        start(call, lane: .returning, at: now)
    }

    /// The path and body of a call's present request.
    mutating func request(of call: Call, model: String, profile: BackendProfile) -> (path: String, body: [UInt8]) {
        let spec = call.request.spec
        if call.isCount {
            counters.counts += 1
            let count = TokenCountRequest(spec.messages, model: model, profile: profile)
            return (count.path, count.body)
        }
        guard let way = call.reading else {
            let body = writer.body(spec, model: model, seed: call.request.seeds[call.attempt], profile: profile)
            return (ReadingWay.chatPath, body)
        }
        return (way.path, readings.body(spec, by: way, model: model, profile: profile))
    }
}
