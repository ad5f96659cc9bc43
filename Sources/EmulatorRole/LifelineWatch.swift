import Foundation

/// Waits for the end of a pipe that a parent holds open as long as it lives.
enum LifelineWatch {
    /// Returns when the descriptor reaches its end or cannot be read. Reads on a thread of its own, since a read
    /// that blocks must not hold a thread of the concurrency pool.
    static func untilEnd(of descriptor: Int32) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                var byte: UInt8 = 0
                while true {
                    let count = read(descriptor, &byte, 1)
                    if count == 0 || (count < 0 && errno != EINTR) { break }
                }
                continuation.resume()
            }
        }
    }
}
