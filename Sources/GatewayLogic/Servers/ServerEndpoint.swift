/// Where requests to one server go.
public struct ServerEndpoint: Sendable, Hashable {
    /// Base address, without a slash at its end; names the server.
    public var url: String
    /// What the `Host` header says where the address stands for a name; nil where the address says it itself.
    public var host: String?

    /// An endpoint; see the properties.
    public init(url: String, host: String? = nil) {
        self.url = url
        self.host = host
    }
}
