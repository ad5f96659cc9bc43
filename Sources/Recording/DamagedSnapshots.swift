/// Partitions whose snapshot was refused as damaged: whoever asked loads from the journal and writes all anew, and
/// until then what is there must not be taken for a part of that.
///
/// A recorder that starts again has forgotten them. What is then written beside something damaged stays refused, and
/// the next load puts its partition here again.
final class DamagedSnapshots {
    /// Numbers of the partitions.
    var partitions: Set<UInt32> = []
}
