import GatewayLogic
import Support

/// Calls that ask the same: one of them leads, and the others follow it.
extension GatewayCore {
    /// Begins a call that asks what another asks already. Returns false where it is to lead from now on.
    mutating func follow(_ leader: UInt64, by call: Call, _ work: WorkKey) -> Bool {
        guard let leader = calls[leader] else { preconditionFailure("a call that has ended leads others") }
        let group = leader.group ?? CallGroup()
        leader.group = group
        call.group = group
        guard leader.place == .queued, goesFirst(call, before: leader) else {
            call.place = .following
            group.append(call.number)
            return true
        }
        queue.remove(leader.number)
        leader.place = .following
        leader.leads = nil
        group.append(leader.number)
        shared.abandon(work, by: leader.number)
        return false
    }

    /// Whether the call would be sent before the one that leads and waits: nobody waits longer because another asks
    /// the same.
    private func goesFirst(_ call: Call, before leader: Call) -> Bool {
        let (mine, theirs) = (call.key.run, leader.key.run)
        guard mine != theirs else { return call.request.terms.priority > leader.request.terms.priority }
        guard !queue.isHeldBack(mine) else { return false }
        return queue.isHeldBack(theirs) || queue.waiting(of: mine) < queue.waiting(of: theirs)
    }

    /// The calls that follow this one, in order of arrival; they follow it no more.
    mutating func takeFollowers(of call: Call) -> [Call] {
        guard let group = call.group else { return [] }
        call.group = nil
        var followers: [Call] = []
        while let number = group.popFirst() {
            guard let follower = follower(number, in: group) else { continue }
            follower.group = nil
            followers.append(follower)
        }
        return followers
    }

    /// The first of those who follow asks for itself, and the others follow it.
    mutating func handOver(from call: Call, at now: Instant) {
        guard let group = call.group else { return }
        call.group = nil
        while let number = group.popFirst() {
            guard let next = follower(number, in: group) else { continue }
            next.group = nil
            start(next, lane: .returning, at: now)
            guard next.leads != nil else { continue }
            next.group = group
            return
        }
    }

    private func follower(_ number: UInt64, in group: CallGroup) -> Call? {
        guard let call = calls[number], call.place == .following, call.group === group else { return nil }
        return call
    }
}
