/// A queue in one array: what was taken stays in front until it outweighs the rest.
struct FirstInFirstOut<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer { compact() }
        let element = elements[head]
        elements[head] = nil
        head += 1
        return element
    }

    /// Keeps only the elements that satisfy `predicate`.
    mutating func keepAll(where predicate: (Element) -> Bool) {
        elements = elements[head...].filter { $0.map(predicate) ?? false }
        head = 0
    }

    private mutating func compact() {
        guard head > 64, head * 2 > elements.count else { return }
        elements.removeFirst(head)
        head = 0
    }
}
