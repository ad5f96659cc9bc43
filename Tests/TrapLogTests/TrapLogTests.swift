import Foundation
import Glibc
import Model
import Support
import TestKit
import Testing

@testable import TrapLog

/// A process arms one log at a time.
@Suite(.serialized) struct TrapLogTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/host.traps" }
    private let run = [UInt8](repeating: 7, count: 32)

    init() throws { folder = try TemporaryFolder() }

    private static func turn(_ agent: String) -> TurnID { .root(round: 3, kind: .act, agent: agent) }

    /// The log's file as it stands, as of a process that trapped just now.
    private func trapNow(signal: UInt8 = UInt8(SIGILL)) throws -> Data {
        var bytes = try #require(FileManager.default.contents(atPath: path))
        // The signal stands behind the magic, the version and the number of seats.
        bytes[16] = signal
        return bytes
    }

    private func played(_ work: (TrapLog) -> Void) throws -> Data {
        let log = try TrapLog(path: path, life: 5)
        log.joins(run: run)
        work(log)
        return try withExtendedLifetime(log) { try trapNow() }
    }

    @Test func whoseCodeRanAtATrapIsKnownToTheNextProcess() throws {
        let left = try played { log in
            log.begins(Self.turn("a"), round: 3)
            log.begins(Self.turn("b"), round: 3)
            log.begins(Self.turn("c"), round: 3)
            log.ends(Self.turn("b"))
        }
        try left.write(to: URL(fileURLWithPath: path))
        let next = try TrapLog(path: path, life: 6)
        let trap = try #require(next.trap(inRun: run))
        #expect(trap.roots == [Self.turn("a"), Self.turn("c")].sorted())
        #expect((trap.life, trap.signal, trap.round) == (5, SIGILL, 3))
        #expect(next.trap(inRun: [UInt8](repeating: 8, count: 32)) == nil)
    }

    @Test func aTurnRunsUntilEachOfItsBranchesHasEnded() throws {
        let left = try played { log in
            for _ in 0..<3 { log.begins(Self.turn("a"), round: 3) }
            for _ in 0..<2 { log.ends(Self.turn("a")) }
        }
        try left.write(to: URL(fileURLWithPath: path))
        #expect(TrapReader.trap(at: path)?.roots == [Self.turn("a")])
        let none = try played { log in
            for _ in 0..<3 { log.begins(Self.turn("a"), round: 3) }
            for _ in 0..<3 { log.ends(Self.turn("a")) }
        }
        try none.write(to: URL(fileURLWithPath: path))
        #expect(TrapReader.trap(at: path) == nil)
    }

    @Test func whoeverStartedTheProcessSeesWhetherItTrappedInCodeOfTurns() throws {
        try played { $0.begins(Self.turn("a"), round: 3) }.write(to: URL(fileURLWithPath: path))
        #expect(TrapLog.trappedLife(at: path) == 5)
        try played { _ in }.write(to: URL(fileURLWithPath: path))
        #expect(TrapLog.trappedLife(at: path) == nil)
        #expect(TrapLog.trappedLife(at: folder.path + "/nowhere") == nil)
    }

    @Test func whatIsToldIsToldOnce() throws {
        let left = try played { $0.begins(Self.turn("a"), round: 3) }
        try left.write(to: URL(fileURLWithPath: path))
        do {
            let next = try TrapLog(path: path, life: 6)
            next.forgetTrap()
            #expect(next.trap(inRun: run) == nil)
        }
        #expect(try TrapLog(path: path, life: 7).trap(inRun: run) == nil)
    }

    @Test func aTrapThatNobodyWasToldOfIsKeptOverAnOrderlyEnd() throws {
        let left = try played { $0.begins(Self.turn("a"), round: 3) }
        try left.write(to: URL(fileURLWithPath: path))
        do { _ = try TrapLog(path: path, life: 6) }
        #expect(try TrapLog(path: path, life: 7).trap(inRun: run)?.life == 5)
    }

    @Test func aProcessThatWasKilledLeavesNoTrap() throws {
        let log = try TrapLog(path: path, life: 5)
        log.begins(Self.turn("a"), round: 3)
        #expect(TrapReader.trap(at: path) == nil)
        withExtendedLifetime(log) {}
    }

    @Test func moreTurnsThanThereAreSeatsAreNoTrouble() throws {
        let turns = (0..<TrapLog.seatCount + 50).map { Self.turn("\($0)") }
        let left = try played { log in
            for turn in turns { log.begins(turn, round: 3) }
            for turn in turns.dropFirst() { log.ends(turn) }
        }
        try left.write(to: URL(fileURLWithPath: path))
        #expect(TrapReader.trap(at: path)?.roots == [turns[0]])
    }

    @Test(arguments: [0, 1, 7, 40, 200]) func whatIsNoWholeLogTellsNothing(bytes: Int) throws {
        let left = try played { $0.begins(Self.turn("a"), round: 3) }
        try left.dropLast(bytes + 1).write(to: URL(fileURLWithPath: path))
        #expect(TrapReader.trap(at: path) == nil)
        var other = left
        other[bytes % 8] ^= 1
        try other.write(to: URL(fileURLWithPath: path))
        #expect(TrapReader.trap(at: path) == nil)
    }

    @Test func aLogThatCannotBeWrittenIsAnError() throws {
        #expect(throws: UserError.self) { try TrapLog(path: folder.path + "/nowhere/host.traps", life: 1) }
        let log = try TrapLog(path: path, life: 5)
        #expect(throws: UserError.self) { try TrapLog(path: folder.path + "/other.traps", life: 1) }
        withExtendedLifetime(log) {}
    }
}
