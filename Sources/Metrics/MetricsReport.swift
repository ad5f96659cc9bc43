/// What a process's main loop says of itself when it is asked.
public struct MetricsReport: Sendable {
    /// What keeps the process from its work, as one line without a full stop; nil when it can do it.
    public var missing: String?
    /// The metrics of its role.
    public var page: MetricsPage

    /// A report; see the properties.
    public init(missing: String?, page: MetricsPage) {
        self.missing = missing
        self.page = page
    }
}

/// What a process has to tell, and how it is asked for it.
public struct MetricsSource: Sendable {
    /// The process's role, such as `recorder`.
    public let role: String
    /// Asks the process's main loop, which calls back once, from any thread, when it comes to it. That it does so is
    /// what shows that it lives: nothing else may answer in its place. Nil says that it cannot be asked.
    public let ask: @Sendable (_ reply: @escaping @Sendable (MetricsReport?) -> Void) -> Void

    /// A source; see the properties.
    public init(
        role: String, ask: @escaping @Sendable (_ reply: @escaping @Sendable (MetricsReport?) -> Void) -> Void
    ) {
        self.role = role
        self.ask = ask
    }
}
