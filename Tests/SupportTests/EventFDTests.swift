import Glibc
import Support
import Testing

@Suite struct EventFDTests {
    private func isReadable(_ event: EventFD) -> Bool {
        var polled = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    @Test func itIsReadableFromASignalUntilItIsDrained() throws {
        let event = try EventFD()
        #expect(!isReadable(event))
        event.signal()
        event.signal()
        #expect(isReadable(event))
        event.drain()
        #expect(!isReadable(event))
    }
}
