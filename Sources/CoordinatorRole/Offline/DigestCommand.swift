import ArgumentParser
import Recording
import ServiceRuntime

/// `coordinator digest`.
struct DigestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Prints the digest of each closed round.",
        discussion: """
            Equal digests mean equal runs up to that round: every decision, text, memory, message and event, on \
            whatever machines and in whatever time.

              diff <(coordinator digest runs/a) <(coordinator digest runs/b)
            """)

    @OptionGroup var recording: RecordingAccess

    func run() throws {
        try recording.read { reader in
            for link in try reader.digestChain() {
                StandardOutput.write("round \(link.round) \(link.digest)\n")
            }
        }
    }
}
