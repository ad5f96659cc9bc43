import ClusterLogic
import Model
import ServiceRuntime
import Support
import Wire

extension RunPlay {
    /// A person wants the run to pause, to go on or to stop. Wishes that are fulfilled already are acknowledged.
    mutating func control(_ wish: RunControl, _ responder: Responder, _ now: Instant) {
        guard machine.ending == nil || wish == .stop else {
            responder.fail(
                Problem(
                    .conflict, "the run is ending and cannot be paused or continued",
                    advice: "once it has ended, go on by run --resume"))
            return
        }
        responder.reply(Acknowledged())
        switch wish {
        case .pause:
            if machine.activity != .paused && machine.activity != .pausing {
                printer.say("pausing: what is in flight finishes")
            }
            handle(.pauseRequested, now)
        case .proceed:
            if machine.activity == .paused || machine.activity == .pausing { printer.say("going on") }
            handle(.continueRequested, now)
        case .stop:
            announceStop()
            handle(.stopRequested, now)
        }
    }

    /// Tells the person at the terminal what stopping means.
    mutating func announceStop() { printer.say("stopping: what is in flight finishes; once more to stop at once") }
}
