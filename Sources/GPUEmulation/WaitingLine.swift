/// Who waits to be taken up: those who were preempted, the last one first, then the others as they came. Those who
/// left are passed over when they come up.
struct WaitingLine: Sendable {
    private var returned: [GPURequest.ID] = []
    private var line: [GPURequest.ID] = []
    private var head = 0
    private var members: Set<GPURequest.ID> = []

    var count: Int { members.count }

    func contains(_ id: GPURequest.ID) -> Bool { members.contains(id) }

    mutating func append(_ id: GPURequest.ID) {
        members.insert(id)
        line.append(id)
    }

    /// Puts one who was running before all others.
    mutating func giveBack(_ id: GPURequest.ID) {
        members.insert(id)
        returned.append(id)
    }

    /// Takes one out, wherever it stands. False where it does not wait.
    mutating func remove(_ id: GPURequest.ID) -> Bool { members.remove(id) != nil }

    /// The next one, who stays in the line.
    mutating func first() -> GPURequest.ID? {
        while let last = returned.last {
            if members.contains(last) { return last }
            returned.removeLast()
        }
        while head < line.count {
            if members.contains(line[head]) { return line[head] }
            head += 1
            if head > 1_024, head * 2 > line.count {
                line.removeFirst(head)
                head = 0
            }
        }
        return nil
    }

    /// Takes the next one out.
    mutating func removeFirst() {
        guard let id = first() else { return }
        members.remove(id)
        if returned.last == id { returned.removeLast() } else { head += 1 }
    }
}
