/// A queue on one array: what was taken from the front is let go when it makes up half.
struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    init() {}

    init(_ elements: some Sequence<Element>) { self.elements = elements.map { $0 } }

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Element? { head < elements.count ? elements[head] : nil }

    /// The element `offset` places behind the front, if there are so many.
    subscript(offset: Int) -> Element? { head + offset < elements.count ? elements[head + offset] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult mutating func removeFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 4096)
            head = 0
        } else if head >= 64 && head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() {
        elements.removeAll()
        head = 0
    }
}
