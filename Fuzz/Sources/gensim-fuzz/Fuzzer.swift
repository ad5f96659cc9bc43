import CLibFuzzer
import FuzzTargets
import Glibc

/// Drives the target that the environment's GENSIM_FUZZ_TARGET names; arguments are libFuzzer's. The environment it
/// is because libFuzzer starts itself again with its own arguments, to minimize an input for one.
///
/// `gensim-fuzz --targets` prints a line for each target: its name and longest input.
@main enum Fuzzer {
    private static let target = getenv("GENSIM_FUZZ_TARGET").flatMap { FuzzTarget.named(String(cString: $0)) }

    static func main() {
        if CommandLine.arguments.dropFirst().first == "--targets" {
            for target in FuzzTarget.all { print(target.name, target.maxBytes) }
            return
        }
        guard target != nil else {
            let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
            say("GENSIM_FUZZ_TARGET names no target; there are \(names)")
            exit(64)
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments, read))
    }

    /// One input. What breaks a promise ends the process, which makes libFuzzer keep the input.
    private static let read: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { bytes, count in
        do {
            try target?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            say("broken promise: \(error)")
            abort()
        }
        return 0
    }

    private static func say(_ what: String) {
        let line = "gensim-fuzz: \(what)\n"
        _ = write(STDERR_FILENO, line, line.utf8.count)
    }
}
