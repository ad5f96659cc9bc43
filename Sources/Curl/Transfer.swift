import CCurl
import Support

/// One easy handle with what it needs while a request runs on it; used again and again.
///
/// Confined to its loop's thread.
final class Transfer {
    typealias Completion = (Result<HTTPResponse, HTTPFailure>) -> Void

    /// Request bodies above this size give their buffer back after use.
    private static let keptBufferBytes = 64 << 10

    let easy: UnsafeMutableRawPointer
    /// Position in the loop's table.
    let slot: Int
    /// Raised at each use, so that a handle to an earlier use finds nothing.
    var generation: UInt32 = 0
    var completion: Completion?

    private var headers: UnsafeMutablePointer<curl_slist>?
    private var url: String?
    private var requestBytes: UnsafeMutableRawBufferPointer
    private var body: [UInt8] = []
    private var limit = 0
    private var isTooLarge = false

    init(slot: Int) {
        guard let easy = curl_easy_init() else { preconditionFailure("curl_easy_init failed: out of memory") }
        self.easy = easy
        self.slot = slot
        requestBytes = .allocate(byteCount: 4096, alignment: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        var isSet = ccurl_set_pointer(easy, CURLOPT_PRIVATE, context) == CURLE_OK
        for (option, value) in [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            (CURLOPT_TCP_KEEPALIVE, 1), (CURLOPT_NOPROGRESS, 1),
        ] {
            isSet = isSet && ccurl_set_long(easy, option, value) == CURLE_OK
        }
        isSet = isSet && ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
        isSet = isSet && ccurl_set_write_function(easy, writeReply, context) == CURLE_OK
        precondition(isSet, "libcurl refused an option that it documents")
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headers)
        requestBytes.deallocate()
    }

    /// Sets everything that `request` says; throws ``HTTPFailure/invalidRequest(_:)`` where it cannot be sent.
    func prepare(_ request: HTTPRequest) throws(HTTPFailure) {
        guard request.headers.allSatisfy(\.isWellFormed) else { throw .invalidRequest("a header is malformed") }
        if url != request.url { try setAddress(request.url) }
        setHeaders(request.headers)
        limit = request.maxResponseBytes
        isTooLarge = false
        switch request.method {
        case .get:
            _ = ccurl_set_long(easy, CURLOPT_HTTPGET, 1)
        case .post:
            keep(request.body)
            _ = ccurl_set_long(easy, CURLOPT_POST, 1)
            _ = ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, requestBytes.baseAddress)
            _ = ccurl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        }
        _ = ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout))
        _ = ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.totalTimeout))
    }

    /// What came of the transfer; call it once, before the handle is used again.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
        guard code == CURLE_OK else { return .failure(isTooLarge ? .tooLarge : HTTPFailure(code)) }
        let seconds = ccurl_get_size(easy, CURLINFO_RETRY_AFTER)
        let type = ccurl_get_string(easy, CURLINFO_CONTENT_TYPE)
        defer { body = [] }
        return .success(
            HTTPResponse(
                status: ccurl_get_long(easy, CURLINFO_RESPONSE_CODE),
                body: body,
                retryAfter: seconds > 0 ? .seconds(Double(seconds)) : nil,
                contentType: type.map { String(cString: $0) }))
    }

    /// Makes the transfer ready for another request.
    func recycle() {
        generation &+= 1
        completion = nil
        body = []
        _ = ccurl_set_headers(easy, nil)
        curl_slist_free_all(headers)
        headers = nil
        if requestBytes.count > Self.keptBufferBytes {
            requestBytes.deallocate()
            requestBytes = .allocate(byteCount: 4096, alignment: 1)
        }
    }

    /// Takes bytes of the reply; false when they pass the limit.
    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= limit - body.count else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    private func setAddress(_ address: String) throws(HTTPFailure) {
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw .invalidRequest("the address begins with neither http:// nor https://")
        }
        guard ccurl_set_string(easy, CURLOPT_URL, address) == CURLE_OK else {
            throw .invalidRequest("the address is too long")
        }
        // A proxy named in the environment is for addresses outside: model servers of a cluster speak plain HTTP.
        _ = ccurl_set_string(easy, CURLOPT_PROXY, address.hasPrefix("http://") ? "" : nil)
        url = address
    }

    private func setHeaders(_ lines: [HTTPRequest.Header]) {
        // An empty Expect stops libcurl from waiting for "100 Continue" before a large body.
        var list = curl_slist_append(nil, "Expect:")
        for line in lines { list = curl_slist_append(list, "\(line.name): \(line.value)") }
        headers = list
        _ = ccurl_set_headers(easy, list)
    }

    private func keep(_ bytes: [UInt8]) {
        if requestBytes.count < bytes.count {
            requestBytes.deallocate()
            requestBytes = .allocate(byteCount: bytes.count, alignment: 1)
        }
        requestBytes.copyBytes(from: bytes)
    }

    private func milliseconds(_ span: Span) -> Int {
        // Zero means "no limit" to libcurl.
        max(1, Int(clamping: span.nanoseconds / 1_000_000))
    }
}

private func writeReply(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
