/// Names a model server for as long as the gateway runs; a number is never used again.
public struct ServerID: Hashable, Comparable, Sendable {
    /// The number, in order of addition.
    public var number: UInt32

    /// The server with this number.
    public init(_ number: UInt32) { self.number = number }

    public static func < (left: ServerID, right: ServerID) -> Bool { left.number < right.number }
}
