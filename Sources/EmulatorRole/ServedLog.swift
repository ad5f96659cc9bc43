import Glibc
import Hashing
import JSON
import Support

/// The file of `--served`: a line for each chat request that a model would have worked for, for whoever wants to know
/// what a run has paid. Lines are gathered and written together. May be used by any thread.
final class ServedLog: Sendable {
    /// One request that held a slot to its end.
    struct Entry {
        /// Wall clock in milliseconds, when the request was there and when it ended.
        var arrived: Int64
        var ended: Int64
        /// What the client wrote into `x-gensim-call`, if anything.
        var call: String?
        /// Hash of the request's body.
        var request: Digest128
        /// Whether the client was still there and got the whole answer.
        var delivered: Bool
    }

    /// Bytes that wait to be written; what does not fit is dropped and counted.
    static let maximumBytes = 1 << 20
    /// So many bytes are written without waiting for the time to do so.
    static let promptBytes = 1 << 16
    /// Longest `x-gensim-call` that is written.
    static let maximumCall = 128

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var complained = false
    }

    private let descriptor: Int32
    private let path: String
    private let limit: Int
    private let state = Guarded(State())

    /// Appends to the file at `path`, which is made where there is none.
    convenience init(path: String) throws(UserError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw UserError(
                "the file of served requests cannot be written: \(String(cString: strerror(errno)))", at: path,
                advice: "check --served", exitCode: .cannotCreate)
        }
        self.init(descriptor: descriptor, path: path)
    }

    /// Writes to an open descriptor, which is closed with this value.
    init(descriptor: Int32, path: String, limit: Int = maximumBytes) {
        self.descriptor = descriptor
        self.path = path
        self.limit = limit
    }

    deinit {
        flush()
        close(descriptor)
    }

    /// Lines that could not be kept: the disk did not take what was before them.
    var dropped: Int { state.withLock { $0.dropped } }

    /// Takes in a request that ended.
    func append(_ entry: Entry) {
        var writer = JSONWriter(capacity: 192)
        writer.beginObject()
        writer.key("arrived")
        writer.value(entry.arrived)
        writer.key("ended")
        writer.value(entry.ended)
        writer.key("call")
        if let call = entry.call { writer.value(String(call.prefix(Self.maximumCall))) } else { writer.null() }
        writer.key("request")
        writer.value(entry.request.description)
        writer.key("delivered")
        writer.value(entry.delivered)
        writer.endObject()
        let isMuch = state.withLock { state in
            guard state.waiting.count + writer.bytes.count < limit else {
                state.dropped += 1
                return true
            }
            state.waiting += writer.bytes
            state.waiting.append(UInt8(ascii: "\n"))
            return state.waiting.count >= Self.promptBytes
        }
        if isMuch { flush() }
    }

    /// Writes what waits. A disk that does not take it is told of once, and tried again the next time.
    func flush() {
        state.withLock { state in
            var done = 0
            while done < state.waiting.count {
                let written = state.waiting.withUnsafeBytes { bytes in
                    Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else {
                    complain(&state, errno)
                    break
                }
                done += written
            }
            state.waiting.removeFirst(done)
        }
    }

    private func complain(_ state: inout State, _ number: Int32) {
        guard !state.complained else { return }
        state.complained = true
        let text = "llm-emulator: \(path): served requests cannot be written: \(String(cString: strerror(number)))\n"
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// Milliseconds since 1970, as recordings have them.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
