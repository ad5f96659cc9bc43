import Wire

/// What a person is told about the servers.
extension BackendPool {
    /// Every server that answered its latest probe.
    var descriptions: [BackendDescription] {
        backends.compactMap { backend in
            guard backend.problem == nil, let profile = backend.profile else { return nil }
            return BackendDescription(
                url: backend.url, engine: profile.engine.rawValue, version: profile.version, model: profile.model,
                contextTokens: profile.contextTokens, window: UInt32(backend.window))
        }
    }

    /// The first server that a person must look at.
    var firstMisconfiguration: Problem? {
        for backend in backends {
            guard case .misconfigured(let what, let advice) = backend.problem else { continue }
            return Problem(.misconfigured, "\(backend.url): \(what)", advice: advice)
        }
        return nil
    }

    /// Set when no server will ever answer as things are.
    var misconfiguration: Problem? {
        let isHopeless = backends.allSatisfy { backend in
            if case .misconfigured = backend.problem { return true }
            return false
        }
        return isHopeless ? firstMisconfiguration : nil
    }

    /// Set when no server answered its latest probe.
    var unavailability: Problem? {
        guard descriptions.isEmpty, let backend = backends.first else { return nil }
        guard case .unavailable(let what) = backend.problem else { return nil }
        return Problem(.unavailable, "\(backend.url): \(what)", advice: "start the model server, or check --llm")
    }
}
