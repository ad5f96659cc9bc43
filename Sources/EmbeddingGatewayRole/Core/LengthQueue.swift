import Support

/// Texts that wait, by length: those that travel together should be about equally long, because a server fills up the
/// shorter ones to the longest.
///
/// A batch begins with the text that has waited longest and goes on with its neighbours in length, so nobody waits for
/// ever. Lengths fall into classes a quarter of an octave wide; within a class, first come is first served.
struct LengthQueue<Asker> {
    typealias Text = PendingText<Asker>

    /// Slices, whose front goes without moving the rest.
    private var classes: [ArraySlice<Text>] = []
    /// Texts that wait.
    private(set) var count = 0
    /// Their tokens, as estimated.
    private(set) var tokens = 0

    /// When the text that has waited longest came; nil where none waits.
    var oldest: Instant? { oldestClass.flatMap { classes[$0].first?.arrived } }

    /// Puts a text in line.
    mutating func append(_ text: Text) {
        let place = Self.place(tokens: text.tokens)
        while classes.count <= place { classes.append([]) }
        classes[place].append(text)
        count += 1
        tokens += text.tokens
    }

    /// Takes texts out for a batch of at most `most` texts that have at most `budget` tokens once all are filled up to
    /// the longest; a single text may have more. `dropped` is told of what nobody wants any more.
    mutating func take(most: Int, budget: Int, dropped: (Text) -> Void) -> [Text] {
        guard most > 0, let start = oldestClass else { return [] }
        var taken: [Text] = []
        var longest = 0
        for place in Self.neighbours(of: start, in: classes.indices) {
            while taken.count < most, let text = classes[place].first {
                let length = max(longest, text.tokens)
                if text.isWanted, !taken.isEmpty, length * (taken.count + 1) > budget { break }
                remove(at: place)
                guard text.isWanted else {
                    dropped(text)
                    continue
                }
                longest = length
                taken.append(text)
            }
        }
        return taken
    }

    /// Takes everything out, the shortest first.
    mutating func removeAll() -> [Text] {
        defer { self = LengthQueue() }
        return classes.flatMap { $0 }
    }

    private mutating func remove(at place: Int) {
        guard let text = classes[place].popFirst() else { return }
        count -= 1
        tokens -= text.tokens
        if classes[place].isEmpty { classes[place] = [] }
    }

    private var oldestClass: Int? {
        var best: (place: Int, arrived: Instant)?
        for (place, texts) in classes.enumerated() {
            guard let arrived = texts.first?.arrived else { continue }
            if best.map({ arrived < $0.arrived }) ?? true { best = (place, arrived) }
        }
        return best?.place
    }

    /// The class itself, then by distance, the shorter ones first: they cost less.
    private static func neighbours(of start: Int, in places: Range<Int>) -> [Int] {
        places.sorted { left, right in
            (abs(left - start), left) < (abs(right - start), right)
        }
    }

    /// Exact for short texts, then four to an octave.
    private static func place(tokens: Int) -> Int {
        let tokens = UInt64(max(0, tokens))
        guard tokens >= 8 else { return Int(tokens) }
        let octave = 63 - tokens.leadingZeroBitCount
        return 8 + (octave - 3) * 4 + Int(tokens >> UInt64(octave - 2) & 3)
    }
}
