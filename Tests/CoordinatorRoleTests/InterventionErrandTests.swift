import Hashing
import Model
import Support
import Testing
import Transport
import Wire

@testable import CoordinatorRole

/// What `coordinator intervene` says of a request whose answer is lost: never that it is not kept where it may be.
@Suite struct InterventionErrandTests {
    private typealias Player = InterventionErrand.Player
    private static let first = Player(pid: 11, endpoint: "ipc:///a")
    private static let second = Player(pid: 12, endpoint: "ipc:///b")
    private static let busy = Problem(.unavailable, "the run takes no interventions now")

    /// Runs it while `players` play one after another, and says who was asked.
    private func run(
        players: [Player?], recorded: [[UInt32]] = [], failure: (any Error)? = nil,
        answer: @escaping (Player) throws -> [UInt32]?
    ) async -> (result: Result<[UInt32], any Error>, asked: [Player]) {
        let message = Intervene(
            request: Digest128(high: 0xabc, low: 7), interventions: [.map(["announce": .text("hello")])])
        var (players, recorded) = (players, recorded)
        var asked: [Player] = []
        let errand = InterventionErrand(
            message: message, shown: "runs/town",
            player: { players.count > 1 ? players.removeFirst() : players[0] },
            ask: { player in
                asked.append(player)
                return try answer(player)
            },
            recorded: {
                if let failure { throw failure }
                return recorded.isEmpty ? [] : recorded.removeFirst()
            })
        do { return (.success(try await errand.run()), asked) } catch { return (.failure(error), asked) }
    }

    private func error(_ result: Result<[UInt32], any Error>) -> UserError? {
        if case .failure(let error as UserError) = result { error } else { nil }
    }

    @Test func anAnswerIsTheAnswer() async throws {
        let (result, asked) = await run(players: [Self.first]) { _ in [3] }
        #expect(try result.get() == [3] && asked == [Self.first])
    }

    @Test func whatIsDurableIsNotCalledRefusedThoughTheCoordinatorDeclinesIt() async throws {
        let (result, _) = await run(players: [Self.first], recorded: [[4]]) { _ in throw Self.busy }
        #expect(try result.get() == [4])
    }

    @Test func theCoordinatorThatTookOverIsAskedUnderTheSameNumber() async throws {
        for isDeclined in [true, false] {
            let (result, asked) = await run(players: [Self.first, Self.second]) { player in
                guard player == Self.first else { return [5] }
                if isDeclined { throw Self.busy }
                return nil
            }
            #expect(try result.get() == [5] && asked == [Self.first, Self.second])
        }
    }

    @Test(arguments: [true, false], [true, false])
    func whatNobodyKnowsIsCalledUnknownWithTheNumberToTryAgainBy(hasLeft: Bool, isDeclined: Bool) async {
        let (result, asked) = await run(players: [Self.first, hasLeft ? nil : Self.first]) { _ in
            if isDeclined { throw Self.busy }
            return nil
        }
        let error = error(result)
        #expect(error?.what.contains("not known") == true, "\(result)")
        #expect(error?.advice.contains("--request 0000000000000abc0000000000000007") == true, "\(result)")
        #expect(error?.exitCode == .temporaryFailure && asked == [Self.first])
    }

    @Test func whoLeavesEarlyIsToldTheNumber() async {
        let (result, _) = await run(players: [Self.first]) { _ in throw CancellationError() }
        let error = error(result)
        #expect(error?.exitCode == .interrupted)
        #expect(error?.advice.contains("--request 0000000000000abc0000000000000007") == true, "\(result)")
    }

    @Test func whateverGoesWrongOnceSomebodyWasAskedTheNumberIsTold() async {
        let busy = UserError("this is no readable recording", at: "runs/town", exitCode: .dataError)
        let (unread, _) = await run(players: [Self.first], failure: busy) { _ in nil }
        let (broken, _) = await run(players: [Self.first]) { _ in throw TransportError.closed }
        for result in [unread, broken] {
            #expect(error(result)?.what.contains("not known") == true, "\(result)")
            #expect(error(result)?.advice.contains("--request 0000000000000abc0000000000000007") == true, "\(result)")
        }
        // Before that there is nothing that may have been kept.
        let (early, _) = await run(players: [nil], failure: busy) { _ in nil }
        #expect(error(early)?.what == busy.what)
    }

    @Test func othersThatAreRecordedUnderTheNumberAreNotTakenForThese() async {
        let others = InterventionErrand.others(under: Digest128(high: 0xabc, low: 7))
        for players in [[nil], [Self.first]] {
            let (result, _) = await run(players: players, failure: others) { _ in throw Self.busy }
            #expect(error(result)?.what == others.what && error(result)?.exitCode == .dataError, "\(result)")
        }
    }

    @Test func aRefusalIsARefusal() async {
        for code in [Problem.Code.invalid, .conflict] {
            let (result, asked) = await run(players: [Self.first, Self.second]) { _ in
                throw Problem(code, "there is no agent eve", advice: "name another")
            }
            let error = error(result)
            #expect(error?.exitCode == .dataError && error?.what == "there is no agent eve")
            #expect(asked == [Self.first])
        }
    }

    @Test func whereNobodyPlaysTheRecordingTellsOfAnEarlierTry() async throws {
        let (kept, _) = await run(players: [nil], recorded: [[3]]) { _ in nil }
        #expect(try kept.get() == [3])
        let (unknown, asked) = await run(players: [nil]) { _ in nil }
        #expect(error(unknown)?.what == "nobody plays this run" && asked.isEmpty)
        #expect(error(unknown)?.exitCode == .unavailable)
    }
}
