/// A queue from which elements are taken at the front without moving the others.
struct RootQueue<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var head = 0

    /// Number of elements.
    var count: Int { elements.count - head }

    /// Adds an element at the end.
    mutating func append(_ element: Element) { elements.append(element) }

    /// Puts an element in front of all others.
    mutating func prepend(_ element: Element) {
        if head > 0 {
            head -= 1
            elements[head] = element
        } else {
            elements.insert(element, at: 0)
        }
    }

    /// Takes the first element out.
    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count { removeAll() }
        return element
    }

    /// Takes all elements out.
    mutating func removeAll() {
        elements = []
        head = 0
    }
}
