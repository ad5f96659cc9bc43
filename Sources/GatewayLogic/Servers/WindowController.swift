/// How many requests may be in flight at one server: enough that it never runs dry, few enough that the rest waits
/// here, where it can still be ordered and moved.
///
/// Where the server's own waiting count is read, that decides: some wait, but not many. Elsewhere growth of answer
/// times does. A server that comes back begins with one request and doubles with each answer.
struct WindowController: Sendable {
    /// What the window begins with where no number of slots is told.
    static let start = 32
    /// The window aimed at lies in this range.
    static let aim = 16...64
    /// The window is never larger.
    static let most = 128
    /// The window of a server whose cache is short is never smaller.
    static let leastUnderPressure = 4
    /// Requests that should wait inside the server.
    private static let waitingAim = 1...4
    /// Use of the cache above which it is short, and below which it is not any more.
    private static let shortUsage = 0.9
    private static let freeUsage = 0.85

    private let fixed: Int
    private var slots = 0
    private var size = Self.start
    /// What the window has grown to again after the server came back; nil when it is whole.
    private var ramp: Int?
    private var preemptions: Int?
    /// Readings in a row without pressure.
    private var calmReadings = 0
    private var underPressure = false
    // Since the last step by answer times: answers, and the sum of their times in hundredths of the shortest.
    private var answers = 0
    private var slowness = 0
    /// The most in flight since the last step.
    private var peak = 0

    /// A controller; `fixed` above 0 turns adapting off.
    init(fixed: Int) {
        self.fixed = fixed
        if fixed > 0 { size = fixed }
    }

    /// The window now.
    var window: Int { min(size, ramp ?? size) }

    /// Whether prompts are welcome that share nothing with what the server works on.
    var opensGroups: Bool { !underPressure }

    /// The server told how many requests it works on at once, 0 when it does not tell.
    mutating func told(slots: Int) {
        guard fixed == 0, slots != self.slots else { return }
        self.slots = slots
        size = slots > 0 ? min(slots, Self.most) : Self.start
    }

    /// The server comes back, or begins: one request at first.
    mutating func restart() {
        ramp = 1
        underPressure = false
        preemptions = nil
        forgetStep()
    }

    /// The server is slow but holds what it has: half the window.
    mutating func halve() { shrink(to: size / 2, least: floor) }

    /// A request was dispatched; so many are in flight now.
    mutating func dispatched(inFlight: Int) { peak = max(peak, inFlight) }

    /// An answer came; `hundredths` is its time in hundredths of its class's shortest, nil where unknown or where
    /// load is read and decides alone.
    mutating func answered(hundredths: Int?) {
        if let reached = ramp { ramp = reached * 2 >= size ? nil : reached * 2 }
        guard let hundredths else { return }
        answers += 1
        slowness += min(hundredths, 100_000)
        guard answers >= window else { return }
        let mean = slowness / answers
        if mean > 400 {
            shrink(to: size * 7 / 8, least: floor)
        } else if mean < 200, peak >= window {
            grow(to: min(size + max(1, size / 16), max(Self.aim.upperBound, size)))
        }
        forgetStep()
    }

    /// The server said "later" with so many in flight.
    mutating func refused(inFlight: Int) { shrink(to: min(inFlight, size * 7 / 8), least: 1) }

    /// The server's load was read.
    mutating func read(_ load: LoadReading) {
        notePressure(load)
        guard let waiting = load.waiting else { return forgetStep() }
        if underPressure {
            shrink(to: size * 3 / 4, least: min(Self.leastUnderPressure, floor))
        } else if waiting > Self.waitingAim.upperBound {
            let excess = waiting - Self.waitingAim.upperBound
            shrink(to: max(size - excess, size / 2), least: floor)
        } else if waiting < Self.waitingAim.lowerBound, peak >= window {
            // Beyond the aim only where all of it is worked on at once.
            let isAllRunning = (load.running ?? 0) >= size * 7 / 8
            let ceiling = size >= Self.aim.upperBound && !isAllRunning ? size : Self.most
            grow(to: min(size + max(1, size / 8), ceiling))
        }
        forgetStep()
    }

    // MARK: steps

    private var floor: Int { slots > 0 ? min(slots, Self.aim.lowerBound) : Self.aim.lowerBound }

    private var ceiling: Int { slots > 0 ? min(slots, Self.most) : Self.most }

    private mutating func notePressure(_ load: LoadReading) {
        let before = preemptions
        if let told = load.preemptions { preemptions = told }
        // A count that fell was started anew with the server.
        let isPreempting = before.map { (load.preemptions ?? $0) > $0 } ?? false
        let usage = load.kvUsage ?? 0
        if isPreempting || usage > Self.shortUsage {
            underPressure = true
            calmReadings = 0
        } else if underPressure, usage < Self.freeUsage {
            calmReadings += 1
            if calmReadings >= 2 { underPressure = false }
        }
    }

    private mutating func shrink(to wanted: Int, least: Int) {
        guard fixed == 0 else { return }
        size = min(size, max(wanted, least, 1))
    }

    private mutating func grow(to wanted: Int) {
        guard fixed == 0 else { return }
        size = max(size, min(wanted, ceiling))
    }

    private mutating func forgetStep() {
        answers = 0
        slowness = 0
        peak = 0
    }
}
