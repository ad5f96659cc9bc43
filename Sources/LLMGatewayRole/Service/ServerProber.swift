import Curl
import GatewayLogic
import Support

/// Asks servers what they are, whether they live, and how much they have to do.
///
/// Lives on the loop's thread.
final class ServerProber {
    private static let probeTimeout = Span.seconds(10)
    private static let healthTimeout = Span.seconds(3)
    private static let adapterTimeout = Span.seconds(240)
    private static let replyBytes = 8 << 20

    private let loop: HTTPLoop
    private let wantedModels: [String]
    private let connectTimeout: Span

    init(loop: HTTPLoop, wantedModels: [String], connectTimeout: Span) {
        self.loop = loop
        self.wantedModels = wantedModels
        self.connectTimeout = connectTimeout
    }

    /// Finds out what serves there.
    func probe(_ contact: ServerContact, completion: @escaping (Result<BackendProfile, ProbeFailure>) -> Void) {
        let reading = ProbeReading(url: contact.url, wantedModels: wantedModels)
        var replies: [String: Result<HTTPResponse, HTTPFailure>] = [:]
        for path in ProbeReading.paths {
            get(contact, path, timeout: Self.probeTimeout) { result in
                replies[path] = result
                guard replies.count == ProbeReading.paths.count else { return }
                do throws(ProbeFailure) {
                    self.measure(contact, try reading.profile(replies), completion: completion)
                } catch {
                    completion(.failure(error))
                }
            }
        }
    }

    /// Finds out whether the server counts tokens, and by which measure.
    private func measure(
        _ contact: ServerContact, _ profile: BackendProfile,
        completion: @escaping (Result<BackendProfile, ProbeFailure>) -> Void
    ) {
        let count = TokenCountRequest(TokenCountRequest.yardstick, model: profile.model, profile: profile)
        post(contact, count.path, count.body, timeout: Self.probeTimeout) { result in
            do throws(ProbeFailure) {
                var profile = profile
                profile.yardstick = try TokenCountRequest.yardstick(result)
                completion(.success(profile))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Finds out whether anything at all answers there; nil when it does.
    func askHealth(_ contact: ServerContact, completion: @escaping (ProbeFault?) -> Void) {
        get(contact, "/health", timeout: Self.healthTimeout) { result in
            switch result {
            case .success: completion(nil)
            case .failure(.timeout): completion(.silent)
            case .failure: completion(.unreachable)
            }
        }
    }

    /// Reads how much the server has to do; nil when it does not tell.
    func readLoad(_ contact: ServerContact, _ source: LoadSource, completion: @escaping (LoadReading?) -> Void) {
        get(contact, source.rawValue, timeout: Self.healthTimeout) { result in
            guard case .success(let response) = result, response.status == 200 else { return completion(nil) }
            completion(source.reading(response.body))
        }
    }

    /// Asks the server to load or unload an adapter.
    func ask(
        _ contact: ServerContact, _ wish: AdapterRequest,
        completion: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        post(contact, wish.path, wish.body, timeout: Self.adapterTimeout, completion: completion)
    }

    private func post(
        _ contact: ServerContact, _ path: String, _ body: [UInt8], timeout: Span,
        completion: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        let request = HTTPRequest(
            .post, contact.url + path, headers: contact.headers, body: body,
            connectTimeout: min(connectTimeout, timeout), totalTimeout: timeout, maxResponseBytes: Self.replyBytes)
        loop.start(request, completion: completion)
    }

    private func get(
        _ contact: ServerContact, _ path: String, timeout: Span,
        completion: @escaping (Result<HTTPResponse, HTTPFailure>) -> Void
    ) {
        let request = HTTPRequest(
            .get, contact.url + path, headers: contact.headers, connectTimeout: min(connectTimeout, timeout),
            totalTimeout: timeout,
            maxResponseBytes: Self.replyBytes)
        loop.start(request, completion: completion)
    }
}
