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
    /// The mark of what was acknowledged as it was when it was synced last: what a power cut leaves of it.
    private(set) var syncedMark: [UInt8]?
    private let path: String
    private var syncedRound: UInt32

    /// Starts over the recording at `path`, which is this life's own.
    init(life: Life, network: Network, path: String, ledger: Ledger, dice: Dice, isTight: Bool) throws {
        self.life = life
        self.dice = dice
        self.ledger = ledger
        self.path = path
        syncedRound = ledger.closedRounds
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
        syncedMark = CrashedRecording.mark(of: path)
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
            noteMark()
        }
    }

    /// With a closed round the mark is synced.
    private func noteMark() {
        guard ledger.closedRounds > syncedRound else { return }
        syncedRound = ledger.closedRounds
        syncedMark = CrashedRecording.mark(of: path)
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

/// Copies a recording as a crash would leave it: the file and its journal, as they are now, and its mark of what was
/// acknowledged, which may be older.
enum CrashedRecording {
    /// What a crash leaves of the mark.
    enum Mark {
        /// All that was written.
        case whole
        /// What was synced last.
        case older([UInt8])
        /// One slot of two: the write that was under way tore the other.
        case torn
    }

    static func copy(from old: String, to new: String, mark: Mark = .whole) throws {
        for (from, to) in zip(files(of: old), files(of: new)) where FileManager.default.fileExists(atPath: from) {
            try FileManager.default.copyItem(atPath: from, toPath: to)
        }
        let place = URL(fileURLWithPath: MarkFile.path(beside: new))
        switch mark {
        case .whole: break
        case .older(let bytes): try Data(bytes).write(to: place)
        case .torn:
            guard var bytes = Self.mark(of: new) else { return }
            let slots = [0, bytes.count / 2]
            // The older one is written next, and stays the one to be written until it is whole again.
            let sequences = slots.map { start in
                AcknowledgementMark.read(slot: bytes[start..<start + AcknowledgementMark.slotBytes])?.sequence
            }
            let older = (sequences[0] ?? 0) < (sequences[1] ?? 0) ? slots[0] : slots[1]
            let half = AcknowledgementMark.slotBytes / 2
            bytes.replaceSubrange(older + half..<older + 2 * half, with: repeatElement(0, count: half))
            try Data(bytes).write(to: place)
        }
    }

    /// The mark beside a recording, as it is now.
    static func mark(of recording: String) -> [UInt8]? {
        FileManager.default.contents(atPath: MarkFile.path(beside: recording)).map { Array($0) }
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
