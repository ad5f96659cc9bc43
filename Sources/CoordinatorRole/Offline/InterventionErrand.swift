import Hashing
import Model
import Support
import Wire

/// One request for interventions on its way into a recording: kept once, whatever becomes of answers and coordinators.
struct InterventionErrand {
    /// A start of a coordinator that plays the run.
    struct Player: Hashable, Sendable {
        /// Its process.
        var pid: Int32
        /// Where it listens.
        var endpoint: String
    }

    /// What is asked for; its number is the same whoever is asked.
    let message: Intervene
    /// What errors call the run.
    let shown: String
    /// Who plays the run now; nil where nobody does.
    let player: () throws -> Player?
    /// Asks a player; nil where it left before it answered.
    let ask: (Player) async throws -> [UInt32]?
    /// The rounds of what the recording has of the request; none where it has nothing.
    let recorded: () throws -> [UInt32]

    /// What is said where the number stands for something else already.
    static func others(under request: Digest128) -> Problem {
        Problem(
            .conflict, "other interventions were accepted under the number \(request)",
            advice: "repeat the same ones, or leave --request out for new ones")
    }

    /// Sees to it, and gives the first round with each of the interventions.
    func run() async throws -> [UInt32] {
        var asked: Set<Player> = []
        var reason = ""
        do {
            // Each start is asked once. One that took over knows what its recorder has kept for the one before.
            while let player = try player(), asked.insert(player).inserted {
                do {
                    if let rounds = try await ask(player) { return rounds }
                    reason = "the coordinator left before it answered"
                } catch let problem as Problem where problem.code != .invalid && problem.code != .conflict {
                    reason = problem.what
                }
                let rounds = try recorded()
                guard rounds.isEmpty else { return rounds }
            }
            // An earlier try may have come through.
            let rounds = asked.isEmpty ? try recorded() : []
            guard rounds.isEmpty else { return rounds }
        } catch let problem as Problem where problem.code == .invalid || problem.code == .conflict {
            throw UserError(problem.what, at: shown, advice: problem.advice, exitCode: .dataError)
        } catch is CancellationError {
            throw unknown("this command was stopped before the run answered", exitCode: .interrupted)
        } catch {
            // Before anybody was asked, what went wrong is all there is to say.
            guard !asked.isEmpty else { throw error }
            throw unknown((error as? UserError)?.what ?? "\(error)", exitCode: .temporaryFailure)
        }
        guard asked.isEmpty else { throw unknown(reason, exitCode: .temporaryFailure) }
        throw UserError(
            "nobody plays this run", at: shown, advice: "go on with it by `coordinator run --resume \(shown)`",
            exitCode: .unavailable)
    }

    /// What is on its way may still be written: only the same number again tells.
    private func unknown(_ reason: String, exitCode: ProcessExitCode) -> UserError {
        UserError(
            "it is not known whether the run has accepted it: \(reason)", at: shown,
            advice: "to learn it, or to try again without counting twice, repeat the command with --request "
                + "\(message.request) while the run is played; `coordinator run --resume \(shown)` goes on with it",
            exitCode: exitCode)
    }
}
