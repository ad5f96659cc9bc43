import Model

/// What a recorder knows of snapshots that are damaged, until it ends.
///
/// Whoever asked for one loads from the journal and writes all anew, and until then what is there must not be taken for
/// a part of that. A recorder that starts again has forgotten the refusal; the piece that starts anew takes the place
/// of all that is there all the same.
final class DamagedSnapshots {
    /// A piece that took the place of what was there.
    struct Start: Equatable {
        var epoch: UInt64
        var round: UInt32
    }

    /// Partitions whose snapshot was refused, and of which no piece has started anew since.
    private(set) var partitions: Set<UInt32> = []
    /// The last piece of each partition that started anew: given a second time, it must not take away what came after.
    private var starts: [UInt32: Start] = [:]

    /// A partition's snapshot turned out to be damaged.
    func refuse(_ partition: UInt32) {
        partitions.insert(partition)
        starts[partition] = nil
    }

    /// Whether a piece that starts anew is the first of its kind.
    func isStart(_ piece: SnapshotPiece) -> Bool {
        piece.startsAnew && starts[piece.partition] != Start(epoch: piece.epoch, round: piece.round)
    }

    /// A piece has taken the place of what was there.
    func start(_ piece: SnapshotPiece) {
        partitions.remove(piece.partition)
        starts[piece.partition] = Start(epoch: piece.epoch, round: piece.round)
    }
}
