import Foundation
import ServiceRuntime
import Support

@testable import RecorderRole
@testable import Recording
@testable import Transport

/// The recorder: its real handlers, writer and store, over the simulated network.
final class RecorderProcess {
    static let endpoint = "sim://recorder"

    private let life: Life
    private let store: SQLiteRecordStore
    private let queue: WorkQueue
    private var loop: WriterLoop
    private let ledger: Ledger
    private let limit: Int
    private var isWorkDue = false
    private var dice: Dice
    /// Whether every request fails, as after an error of the disk.
    var isDiskBroken = false
    /// How long a batch takes, in microseconds.
    var batchTime = RecorderProcess.usualBatchTime
    static let usualBatchTime = 500...5_000

    /// Starts over the recording at `path`, which is this life's own.
    init(life: Life, network: Network, path: String, ledger: Ledger, dice: Dice, isTight: Bool) throws {
        self.life = life
        self.dice = dice
        self.ledger = ledger
        var settings = RecorderSettings()
        if isTight { settings.queueLimit = 5 }
        limit = settings.queueLimit
        let clock = WorldClock(network.world)
        store = try SQLiteRecordStore(.file(path), wallClock: { Int64(clock.now().nanoseconds / 1_000_000) })
        let queue = try WorkQueue(limit: settings.queueLimit)
        self.queue = queue
        loop = WriterLoop(store: store, queue: queue, clock: clock, settings: settings)
        let node = SimulatedNode(life: life, network: network)
        let service = RecorderService(queue: queue)
        _ = node.listen(
            Self.endpoint,
            options: isTight
                ? ListenerOptions(incarnation: life.number, credit: Credit(messages: 3, bytes: 4_096))
                : ListenerOptions(incarnation: life.number),
            handler: RecorderTap(RecorderHandlers(service).makeServer(), ledger: ledger) { [weak self] in
                self?.scheduleWork()
            })
        watchTheTime()
    }

    private func scheduleWork() {
        guard !isWorkDue else { return }
        isWorkDue = true
        life.after(dice.span(batchTime)) { [self] in
            isWorkDue = false
            let work = queue.takeAll().work
            if work.count > limit { ledger.violated("I6: \(work.count) requests waited at the recorder, \(limit) may") }
            if isDiskBroken { refuse(work) } else { loop.process(work) }
        }
    }

    /// What the store answers from the moment on that its disk has failed.
    private func refuse(_ work: [PendingWork]) {
        let failure = StoreProblem.failed(StorageFailure("the disk is full", advice: "make room"))
        for item in work {
            switch item {
            case .write(_, let reply): reply(.failure(failure))
            case .read(let question): question(.failure(failure))
            }
        }
    }

    private func watchTheTime() {
        life.after(.milliseconds(500)) { [self] in
            loop.failOverdue()
            watchTheTime()
        }
    }
}

/// Copies a recording as a crash would leave it: the file and its journal, as they are now.
enum CrashedRecording {
    static func copy(from old: String, to new: String) throws {
        for (from, to) in zip(files(of: old), files(of: new)) where FileManager.default.fileExists(atPath: from) {
            try FileManager.default.copyItem(atPath: from, toPath: to)
        }
    }

    private static func files(of recording: String) -> [String] {
        [recording, recording + "-wal", MarkFile.path(beside: recording)]
    }
}

/// The world's time, as processes see it.
final class WorldClock: MonotonicClock, @unchecked Sendable {
    private unowned let world: World

    init(_ world: World) { self.world = world }

    func now() -> Instant { world.now }
}
