import Support

/// What is done to a cluster, and when.
indirect enum Fault: Sendable {
    /// The process dies on the spot, and another start of it follows after a while.
    case crash(String, restartAfter: Span)
    /// The process is not scheduled for a while.
    case stall(String, Span)
    /// Nothing gets from one process to another for a while.
    case partition(from: String, to: String, Span)
    /// All processes die at once, and start again one after the other.
    case crashAll(restartAfter: Span)
    /// The recorder's disk fails; a while later the process is started anew on a disk that works.
    case brokenDisk(restartAfter: Span)
    /// The recorder takes its time over each batch, for a while.
    case slowRecorder(Span)
    /// Model servers refuse, break and hang, for a while.
    case modelTrouble(Span)
    /// What a host sends to recorder and coordinator is kept on its way until partitions are granted anew, and a while
    /// longer; then all of it arrives.
    case hold(String, longer: Span)
    /// The coordinator stands still, another one is started in its place, and after a while the first goes on.
    case usurp(Span)
    /// A third host joins the run.
    case join
    /// A person has the run pause, and go on after a while.
    case pause(Span)
    /// A person stops the run, and resumes it.
    case stop
    /// Another fault, at the moment when a milestone is reached for the so many-th time from now on.
    case upon(Milestone, number: Int, Fault)

    static let processes = ["coordinator", "host-1", "host-2", "llm-gateway", "embedding-gateway", "recorder"]

    /// A fault of any kind.
    static func drawn(from dice: inout Dice) -> Fault {
        let victim = dice.one(of: processes)
        switch dice.number(0...15) {
        case 0...3: return .crash(victim, restartAfter: dice.span(10_000...4_000_000))
        case 4...5: return .stall(victim, dice.span(100_000...9_000_000))
        case 6...7:
            let other = dice.one(of: processes.filter { $0 != victim })
            return .partition(from: victim, to: other, dice.span(100_000...9_000_000))
        case 8: return .crashAll(restartAfter: dice.span(10_000...2_000_000))
        case 9: return .brokenDisk(restartAfter: dice.span(10_000...2_000_000))
        case 10: return .slowRecorder(dice.span(100_000...3_000_000))
        case 11: return .modelTrouble(dice.span(100_000...5_000_000))
        case 12: return .hold(dice.one(of: ["host-1", "host-2"]), longer: dice.span(0...500_000))
        case 13: return .usurp(dice.span(10_000...5_000_000))
        case 14: return .join
        default: return dice.happens(500_000) ? .stop : .pause(dice.span(10_000...2_000_000))
        }
    }
}

/// The faults of one run.
struct FaultPlan {
    /// Faults at times after the start.
    var timed: [(after: Span, fault: Fault)] = []
    /// A process that dies at a step, and how long it stays dead.
    var crashAtStep: (step: Int, process: String, restartAfter: Span)?
    /// Faults at the moment when a milestone is reached for the so many-th time.
    var awaited: (milestone: Milestone, number: Int, faults: [Fault])?
    var weather = Weather.calm
    /// How long a model server takes for an answer, in microseconds.
    var modelLatency = 2_000...20_000
    /// Whether queues and credits are so small that they fill.
    var isTight = false
    /// Faults that have to strike in a run for it to have come to what its plot is about.
    var leastStrikes = 1
    /// When all trouble ends.
    var end = Span(nanoseconds: 0)

    static let none = FaultPlan()
    /// In place of a process that dies at a step: every one.
    static let all = "all"

    /// A plan of a seed's own: up to six faults within the time that a run takes, in any weather.
    static func drawn(seed: UInt64) -> FaultPlan {
        var dice = Dice(seed: seed, "faults")
        var plan = FaultPlan()
        plan.weather = dice.happens(300_000) ? .calm : Weather.drawn(from: &dice)
        plan.isTight = dice.happens(300_000)
        plan.modelLatency = dice.one(of: [2_000...20_000, 2_000...20_000, 20_000...400_000])
        // Within the first round, within the time of a calm run, and within that of one in bad weather.
        let horizon = dice.one(of: [300_000, 700_000, 3_000_000, 10_000_000])
        for _ in 0..<dice.number(0...6) {
            plan.timed.append((dice.span(0...horizon), Fault.drawn(from: &dice)))
            if dice.happens(300_000), case .partition(let from, let to, let span)? = plan.timed.last?.fault {
                plan.timed.append((plan.timed[plan.timed.count - 1].after, .partition(from: to, to: from, span)))
            }
        }
        plan.end = .seconds(30)
        return plan
    }

    /// One process dies once, at a step.
    static func crash(of process: String, atStep step: Int, seed: UInt64) -> FaultPlan {
        var dice = Dice(seed: seed, "crash at a step")
        return FaultPlan(crashAtStep: (step, process, dice.span(10_000...1_000_000)))
    }
}
