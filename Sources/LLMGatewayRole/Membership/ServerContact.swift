import Curl
import GatewayLogic

/// How a server is reached: addresses, and header lines of every request.
struct ServerContact {
    /// Base address.
    let url: String
    /// The name that the server was found by, with its port; nil where the address is its own.
    let host: String?
    /// Where chat requests go.
    let chat: String
    /// Header lines, the name's among them.
    let headers: [HTTPRequest.Header]

    init(_ endpoint: ServerEndpoint, headers: [HTTPRequest.Header]) {
        url = endpoint.url
        host = endpoint.host
        chat = endpoint.url + "/v1/chat/completions"
        self.headers = headers + (endpoint.host.map { [HTTPRequest.Header("Host", $0)] } ?? [])
    }
}
