import Foundation
import Glibc
import Support

/// Where programs lie.
public enum ProgramPath {
    /// The path of `program`: itself when it has a slash, else the first match in `PATH`.
    public static func find(
        _ program: String, path: String? = ProcessInfo.processInfo.environment["PATH"]
    ) throws(UserError) -> String {
        let candidates: [String] =
            program.contains("/")
            ? [program] : (path ?? "").split(separator: ":").map { "\($0)/\(program)" }
        for candidate in candidates where access(candidate, X_OK) == 0 { return candidate }
        throw UserError(
            "the program `\(program)` is not there or not executable", advice: "check its path and permissions",
            exitCode: .unavailable)
    }

    /// The folder of our own executables: `GENSIM_BIN`, else that of the running program.
    public static func ownFolder(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(UserError) -> String {
        if let folder = environment["GENSIM_BIN"], !folder.isEmpty { return folder }
        let program = try own()
        return String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
    }

    /// The running program's own executable.
    public static func own() throws(UserError) -> String {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw UserError(
                "the folder of this program cannot be found",
                advice: "set GENSIM_BIN to the folder of GenSim's programs", exitCode: .osError)
        }
        return program
    }
}
