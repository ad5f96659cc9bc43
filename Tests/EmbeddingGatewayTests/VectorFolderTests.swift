import Foundation
import Hashing
import Support
import Testing

@testable import EmbeddingGatewayRole

/// A folder for one test, removed at its end.
private final class Folder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "gensim-vectors-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted().map { "\(path)/\($0)" }
    }

    func open(_ identity: VectorIdentity = Folder.identity, limit: Int = 1 << 20) throws -> VectorFolder {
        try VectorFolder(path, identity: identity, limit: limit)
    }

    static let identity = VectorIdentity(model: "e", sample: [0.6, 0.8])
    static func key(_ number: Int) -> Digest128 { Digest128(high: 7, low: UInt64(number)) }
    static func vector(_ number: Int) -> [UInt8] { (0..<40).map { UInt8(truncatingIfNeeded: $0 &* number) } }

    func write(_ numbers: Range<Int>) throws {
        let folder = try open()
        for number in numbers { folder.keep(Self.key(number), Self.vector(number)) }
    }
}

@Suite struct VectorFolderTests {
    @Test func whatOneProcessKeptTheNextOneFinds() throws {
        let folder = try Folder()
        try folder.write(0..<100)
        try folder.write(100..<150)
        let opened = try folder.open()
        for number in 0..<150 {
            #expect(opened.vector(Folder.key(number), bytes: 40) == Folder.vector(number))
        }
        #expect(opened.vector(Folder.key(150), bytes: 40) == nil)
        #expect(folder.files.count == 1)
    }

    @Test(arguments: [
        VectorIdentity(model: "f", sample: [0.6, 0.8]), VectorIdentity(model: "e", sample: [0.8, 0.6]),
        VectorIdentity(model: "e", sample: [0.61, 0.7924]), VectorIdentity(model: "e", sample: [0.6, 0.8, 0]),
    ])
    func vectorsOfAnotherModelAreNeverFound(other: VectorIdentity) throws {
        let folder = try Folder()
        try folder.write(0..<10)
        let opened = try folder.open(other)
        #expect(opened.count == 0)
        opened.keep(Folder.key(1), [9])
        opened.flush()
        #expect(try folder.open().vector(Folder.key(1), bytes: 40) == Folder.vector(1))
        #expect(try folder.open(other).vector(Folder.key(1), bytes: 1) == [9])
    }

    @Test func theSameModelOnAnotherMachineIsTheSame() throws {
        let folder = try Folder()
        try folder.write(0..<3)
        #expect(try folder.open(VectorIdentity(model: "e", sample: [0.600_001, 0.799_999])).count == 3)
    }

    /// Every bit of a file in turn: a vector is found as it was written, or not at all.
    @Test func noFlippedBitMakesAWrongVector() throws {
        let folder = try Folder()
        try folder.write(1..<4)
        let path = try #require(folder.files.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        var lost = 0
        for bit in 0..<whole.count * 8 {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try bytes.write(to: URL(fileURLWithPath: path))
            let opened = try folder.open()
            for number in 1..<4 {
                let found = opened.vector(Folder.key(number), bytes: 40)
                #expect(found == nil || found == Folder.vector(number), "bit \(bit)")
                if found == nil { lost += 1 }
            }
        }
        #expect(lost > 0)
    }

    /// Cut off after every byte: what was whole is found, and what comes later is kept.
    @Test func aTornWriteCostsNoMoreThanItself() throws {
        let folder = try Folder()
        try folder.write(1..<4)
        let path = try #require(folder.files.first)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let record = VectorFileFormat.recordHead + 40
        for cut in stride(from: whole.count - record, to: whole.count, by: 7) {
            try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
            try folder.write(9..<10)
            let opened = try folder.open()
            for number in [1, 2, 9] {
                #expect(opened.vector(Folder.key(number), bytes: 40) == Folder.vector(number), "cut at \(cut)")
            }
            #expect(opened.vector(Folder.key(3), bytes: 40) == nil)
            #expect(folder.files == [path])
        }
    }

    @Test func twoProcessesAtOnceWriteTheirOwnFilesAndLoseNothing() throws {
        let folder = try Folder()
        do {
            let (one, two) = (try folder.open(), try folder.open())
            for number in 0..<50 {
                one.keep(Folder.key(number), Folder.vector(number))
                two.keep(Folder.key(number + 50), Folder.vector(number + 50))
                one.flush()
                two.flush()
            }
        }
        let opened = try folder.open()
        for number in 0..<100 { #expect(opened.vector(Folder.key(number), bytes: 40) == Folder.vector(number)) }
    }

    @Test func whoWritesOnWhereAnotherStoppedReadsFirstWhatThatOneWrote() throws {
        let folder = try Folder()
        try folder.write(0..<5)
        let early = try folder.open()
        try folder.write(5..<10)
        early.keep(Folder.key(20), Folder.vector(20))
        early.flush()
        let opened = try folder.open()
        for number in Array(0..<10) + [20] {
            #expect(opened.vector(Folder.key(number), bytes: 40) == Folder.vector(number))
        }
    }

    @Test func theFolderStaysWithinItsLimitAndTheOldestGoes() throws {
        let folder = try Folder()
        let opened = try folder.open(limit: 4_096)
        for number in 0..<500 {
            opened.keep(Folder.key(number), Folder.vector(number))
            opened.flush()
            let size = try folder.files.reduce(0) { try $0 + Data(contentsOf: URL(fileURLWithPath: $1)).count }
            #expect(size <= 4_096 + 1_024)
        }
        #expect(opened.vector(Folder.key(0), bytes: 40) == nil)
        #expect(opened.vector(Folder.key(499), bytes: 40) == Folder.vector(499))
        #expect(opened.trouble == nil)
    }

    @Test func aVectorOfAnotherLengthIsNotGivenOut() throws {
        let folder = try Folder()
        try folder.write(0..<1)
        #expect(try folder.open().vector(Folder.key(0), bytes: 80) == nil)
    }

    @Test func aFolderThatCannotBeMadeIsSaid() throws {
        let folder = try Folder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
        #expect(throws: UserError.self) {
            try VectorFolder(folder.path + "/file/below", identity: Folder.identity, limit: 1 << 20)
        }
    }
}
