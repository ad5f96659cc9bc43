import ArgumentParser
import ServiceRuntime
import Support

/// How commands that end at once tell what went wrong.
enum CommandReport {
    /// Turns errors into one line on standard error and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            throw ExitCode(Service.report(error, role: "coordinator").rawValue)
        }
    }
}
