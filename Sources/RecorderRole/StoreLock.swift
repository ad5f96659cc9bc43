import Glibc
import Support

/// Keeps a recording from being written by two recorders: held from before its file is opened until after it is closed.
///
/// A recorder whose coordinator was killed leaves by itself, but not in the middle of a long step; whoever resumes the
/// run in that moment waits for it. One that is killed lets go at once.
final class StoreLock: Sendable {
    /// Tries, one after each pause: some twenty seconds with `usualPause`.
    static let mostTries = 400
    /// The time between two tries.
    static let usualPause = Duration.milliseconds(50)

    private let descriptor: Int32

    /// Takes the lock of the recording at `path`, as soon as the recorder before lets go of it.
    /// - Throws: A `UserError` where it does not, or where no file can be made beside the recording.
    init(ofStore path: String, pause: () async throws -> Void) async throws {
        let file = path + ".lock"
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw UserError.system("the recording's lock cannot be made", at: file, errno: errno)
        }
        var tries = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            tries += 1
            guard tries < Self.mostTries else {
                close(descriptor)
                throw UserError(
                    "another recorder still has this recording open", at: path,
                    advice: "wait until it has left, or end it, and resume the run again", exitCode: .temporaryFailure)
            }
            do { try await pause() } catch {
                close(descriptor)
                throw error
            }
        }
    }

    /// Lets the next one in.
    func release() { flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}
