/// A reader of something that comes from outside, as a fuzzer drives it: any bytes go in, and either nothing happens
/// or a promise of the reader turns out to be broken. A trap, a hang or too much memory breaks one, too.
public struct FuzzTarget: Sendable {
    /// Its name, on the command line and as the folder of its corpus.
    public let name: String
    /// Longest input that is worth trying, in bytes.
    public let maxBytes: Int
    private let read: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, maxBytes: Int, read: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.maxBytes = maxBytes
        self.read = read
    }

    /// Reads `input`, whatever it is. That it is refused is fine; a promise that did not hold throws `BrokenPromise`.
    public func check(_ input: [UInt8]) throws { try read(input) }

    /// Every target.
    public static let all = [
        FuzzTarget("msgpack", maxBytes: 4_096, read: MessagePackReading.check),
        FuzzTarget("wire", maxBytes: 8_192, read: WireReading.check),
        FuzzTarget("transport", maxBytes: 4_096, read: TransportReading.check),
        FuzzTarget("packed", maxBytes: 8_192, read: PackedReading.check),
        FuzzTarget("population", maxBytes: 16_384, read: PopulationReading.check),
        FuzzTarget("distributions", maxBytes: 8_192, read: DistributionReading.check),
        FuzzTarget("relations", maxBytes: 4_096, read: RelationReading.check),
        FuzzTarget("catalogue", maxBytes: 16_384, read: CatalogueReading.check),
        FuzzTarget("configuration", maxBytes: 8_192, read: ConfigurationReading.check),
        FuzzTarget("replies", maxBytes: 8_192, read: ReplyReading.check),
    ]

    /// The target of that name, nil where there is none.
    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// What a reader promised and did not keep.
public struct BrokenPromise: Error, Equatable, CustomStringConvertible {
    /// Which promise, and of which reader.
    public let description: String

    init(_ description: String) { self.description = description }

    /// Throws unless the promise holds.
    static func unless(_ holds: Bool, _ promise: @autoclosure () -> String) throws(BrokenPromise) {
        if !holds { throw BrokenPromise(promise()) }
    }
}

/// Takes the first byte off an input, by which a target with several readers chooses one; nil where there is none.
func choice<Reader>(
    of readers: [Reader], by input: [UInt8]
) -> (reader: Reader, rest: [UInt8])? {
    // By position and never by remainder: a reader that is added leaves old inputs what they are.
    guard let first = input.first, readers.indices.contains(Int(first)) else { return nil }
    return (readers[Int(first)], Array(input.dropFirst()))
}
