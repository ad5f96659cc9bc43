import CLinux
import Glibc

/// A pipe by which children notice that their parent is gone, however it ended.
///
/// The parent keeps the write end and never writes; each child gets `readEnd` as a descriptor and calls `onClose`.
public struct Lifeline: ~Copyable, Sendable {
    /// The descriptor to hand to children.
    public let readEnd: Int32
    private let writeEnd: Int32

    /// Opens the pipe; letting go of the value closes it.
    public init() throws(UserError) {
        let pipe = clinux_open_pipe()
        guard pipe.status == 0 else { throw .system("cannot open a pipe", errno: -pipe.status) }
        readEnd = pipe.read_end
        writeEnd = pipe.write_end
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// In the child: runs `handler` on a thread of its own as soon as the write end of the pipe behind `fd` is closed.
    public static func onClose(fd: Int32, _ handler: @escaping @Sendable () -> Void) throws(UserError) {
        let thread = try OSThread(name: "lifeline") { () -> Void in
            var byte: UInt8 = 0
            // A descriptor that cannot be read protects nobody: it counts as closed too.
            repeat {
                let count = read(fd, &byte, 1)
                if count > 0 || (count < 0 && (errno == EINTR)) { continue }
                if count < 0 && errno == EAGAIN {
                    var waited = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
                    _ = poll(&waited, 1, -1)
                    continue
                }
                break
            } while true
            handler()
        }
        thread.detach()
    }
}
