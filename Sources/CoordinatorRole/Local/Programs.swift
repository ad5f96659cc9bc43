import ServiceRuntime
import Support

/// Our own programs and their names.
enum Programs {
    /// Names of hosts start with this, followed by their number from 1.
    static let hostPrefix = "agent-host-"

    /// Path of one of our programs, beside the running one or in `GENSIM_BIN`.
    static func path(of name: String) throws(UserError) -> String {
        try ProgramPath.find("\(try ProgramPath.ownFolder())/\(name)")
    }
}
