import MessagePack

/// A host's right to write for a partition, from one epoch on.
public struct Lease: Hashable, Sendable, Packable {
    /// The partition; the environment's has the number of partitions as its own.
    public var partition: UInt32
    /// The epoch under which the holder writes.
    public var epoch: UInt64
    /// The holder's number.
    public var host: UInt32

    /// A lease.
    public init(partition: UInt32, epoch: UInt64, host: UInt32) {
        self.partition = partition
        self.epoch = epoch
        self.host = host
    }

    public func pack(into packer: inout Packer) {
        packer.packArray(count: 3)
        packer.pack(UInt64(partition))
        packer.pack(epoch)
        packer.pack(UInt64(host))
    }

    public init(from unpacker: inout Unpacker) throws {
        try unpacker.enter("lease", count: 3)
        self.init(
            partition: try unpacker.readUInt32(), epoch: try unpacker.readUInt(), host: try unpacker.readUInt32())
    }
}
