import CCurl
import Support

/// What a loop's thread owns: the multi handle, its sockets, its timers and its transfers.
///
/// Sendable only to reach that thread: nothing else touches it, which ``HTTPLoop`` checks at every call.
final class LoopCore: @unchecked Sendable {
    let inbox: LoopInbox
    private let clock: any MonotonicClock
    private let poll = EventPoll()
    private let multi: UnsafeMutableRawPointer
    private var curlDue: Instant?
    private var timers = TimerHeap()
    private var transfers: [Transfer] = []
    private var idle: [Int] = []
    private var batchEnd: (() -> Void)?
    private var isClosing = false

    init(clock: any MonotonicClock, connections: Int) throws(UserError) {
        inbox = try LoopInbox()
        guard let multi = curl_multi_init() else { preconditionFailure("curl_multi_init failed: out of memory") }
        self.multi = multi
        self.clock = clock
        let context = Unmanaged.passUnretained(self).toOpaque()
        precondition(
            ccurl_multi_set_functions(multi, onSocketChange, onTimerChange, context) == CURLM_OK
                && ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)) == CURLM_OK,
            "libcurl refused an option that it documents")
        keepConnections(connections)
        poll.watch(inbox.descriptor, readable: true, writable: false, isKnown: false)
    }

    /// How many open connections are kept; below the number in flight they are made anew for each request.
    func keepConnections(_ count: Int) {
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, count))
    }

    func setBatchEnd(_ work: (() -> Void)?) { batchEnd = work }

    // MARK: the loop

    /// Runs until the inbox is closed, then ends every transfer with ``HTTPFailure/shutDown``.
    func run() {
        while true {
            let (work, isClosed) = inbox.take()
            for item in work { item() }
            if isClosed { break }
            runTimers()
            deliverFinished()
            batchEnd?()
            let events = poll.wait(work.isEmpty ? timeout() : Span(nanoseconds: 0))
            inbox.awake()
            for index in 0..<events { handle(poll.event(index)) }
            deliverFinished()
        }
        close()
    }

    private func timeout() -> Span? {
        let due = [curlDue, timers.nextDue].compactMap { $0 }.min()
        return due.map { $0.since(clock.now()) }
    }

    private func runTimers() {
        let now = clock.now()
        while let work = timers.popDue(at: now) { work() }
        if let due = curlDue, due <= now {
            curlDue = nil
            var running: Int32 = 0
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
        }
    }

    private func handle(_ event: EventPoll.Event) {
        guard event.descriptor != inbox.descriptor else { return inbox.drain() }
        var mask: Int32 = 0
        if event.isReadable { mask |= CURL_CSELECT_IN }
        if event.isWritable { mask |= CURL_CSELECT_OUT }
        if event.isBroken { mask |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        curl_multi_socket_action(multi, event.descriptor, mask, &running)
    }

    private func deliverFinished() {
        var code = CURLE_OK
        while let easy = ccurl_multi_next_finished(multi, &code) {
            guard let context = ccurl_get_private(easy) else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            curl_multi_remove_handle(multi, easy)
            let result = transfer.result(code)
            let completion = transfer.completion
            release(transfer)
            completion?(result)
        }
    }

    private func close() {
        isClosing = true
        batchEnd = nil
        for transfer in transfers {
            guard let completion = transfer.completion else { continue }
            curl_multi_remove_handle(multi, transfer.easy)
            transfer.recycle()
            completion(.failure(.shutDown))
        }
        timers = TimerHeap()
        transfers = []
        idle = []
        curl_multi_cleanup(multi)
    }

    // MARK: requests and timers

    func start(_ request: HTTPRequest, _ completion: @escaping Transfer.Completion) -> RequestHandle {
        guard !isClosing else {
            completion(.failure(.shutDown))
            return RequestHandle(slot: -1, generation: 0)
        }
        let transfer = takeTransfer()
        let handle = RequestHandle(slot: transfer.slot, generation: transfer.generation)
        transfer.completion = completion
        do throws(HTTPFailure) {
            try transfer.prepare(request)
            guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { throw .other(code: -1) }
        } catch {
            // Completions never run inside `start`: the caller has not got its handle yet.
            transfer.completion = nil
            release(transfer)
            _ = schedule(after: Span(nanoseconds: 0)) { completion(.failure(error)) }
        }
        return handle
    }

    func cancel(_ handle: RequestHandle) {
        guard transfers.indices.contains(handle.slot), transfers[handle.slot].generation == handle.generation,
            transfers[handle.slot].completion != nil
        else { return }
        // Removing a transfer that waits for its reply closes its connection at once.
        curl_multi_remove_handle(multi, transfers[handle.slot].easy)
        release(transfers[handle.slot])
    }

    func schedule(after span: Span, _ work: @escaping () -> Void) -> TimerHandle {
        TimerHandle(number: timers.schedule(at: clock.now() + span, work))
    }

    func cancel(_ handle: TimerHandle) { timers.cancel(handle.number) }

    private func takeTransfer() -> Transfer {
        if let slot = idle.popLast() { return transfers[slot] }
        let transfer = Transfer(slot: transfers.count)
        transfers.append(transfer)
        return transfer
    }

    private func release(_ transfer: Transfer) {
        transfer.recycle()
        idle.append(transfer.slot)
    }

    // MARK: called by libcurl

    fileprivate func socketChanged(_ socket: Int32, _ what: Int32, _ mark: UnsafeMutableRawPointer?) {
        guard what != CURL_POLL_REMOVE else { return poll.forget(socket) }
        poll.watch(
            socket, readable: what & CURL_POLL_IN != 0, writable: what & CURL_POLL_OUT != 0, isKnown: mark != nil)
        // Any mark will do: it comes back with the next change of this socket, and is null for a new one.
        if mark == nil { curl_multi_assign(multi, socket, multi) }
    }

    fileprivate func timerChanged(_ milliseconds: Int) {
        curlDue = milliseconds < 0 ? nil : clock.now() + .milliseconds(UInt64(milliseconds))
    }
}

private func onSocketChange(
    easy: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
    mark: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return -1 }
    Unmanaged<LoopCore>.fromOpaque(context).takeUnretainedValue().socketChanged(socket, what, mark)
    return 0
}

private func onTimerChange(
    multi: UnsafeMutableRawPointer?, milliseconds: Int, context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return -1 }
    Unmanaged<LoopCore>.fromOpaque(context).takeUnretainedValue().timerChanged(milliseconds)
    return 0
}
