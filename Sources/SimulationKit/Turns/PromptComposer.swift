import Hashing
import Model
import Support

/// Lays out prompts for prefix caches: what all agents of a type share first, then the agent's static profile, then
/// what changes: dynamic profile, memory, what was announced, observation.
struct PromptComposer: Sendable {
    let population: Population
    let prompts: PromptLibrary
    private let fixedParts = Guarded<[UInt64: [String]]>([:])
    private let hashPrefixes = Guarded<[UInt64: (spec: CompletionSpec, prefix: HashPrefix)]>([:])

    /// Rendered fixed parts kept at most; beyond it they are rendered anew.
    private static let cacheLimit = 16_384
    /// Texts shorter than this are not worth a segment of their own.
    private static let segmentBytes = 48

    init(population: Population, prompts: PromptLibrary) {
        self.population = population
        self.prompts = prompts
    }

    /// The conversation that puts `observation` to an agent. `announcement` is what everybody has been told.
    func messages(
        agent: AgentID, state: AgentState, memory: MemoryView, announcement: String, observation: [String]
    ) -> [PromptMessage] {
        let type = population.type(of: agent)
        var user: [String] = []
        if prompts.has("\(type).dynamic") {
            user.append(prompts.render("\(type).dynamic", fields: fields(of: agent, state: state)))
        }
        if !memory.isEmpty, prompts.has("memory") { user += memorySegments(memory) }
        user += announced(announcement, state)
        user += observation
        return messages(agent: agent, segments: user)
    }

    /// What everybody has been told, and what the agent alone has.
    private func announced(_ announcement: String, _ state: AgentState) -> [String] {
        let own = state.fields[Intervention.ownAnnouncementField]?.text ?? ""
        let texts = [announcement, own].filter { !$0.isEmpty }
        guard !texts.isEmpty, prompts.has(KitTemplates.intervention) else { return [] }
        let text = texts.joined(separator: "\n")
        return [prompts.render(KitTemplates.intervention, fields: .map(["intervention": .text(text)]))]
    }

    /// The conversation that says `segments` to an agent, behind its instruction and static profile.
    func messages(agent: AgentID, segments: [String]) -> [PromptMessage] {
        let fixed = agent == .environment ? [] : fixedSegments(agent: agent, type: population.type(of: agent))
        let user = PromptMessage(role: .user, segments: segments)
        return fixed.isEmpty ? [user] : [PromptMessage(role: .system, segments: fixed), user]
    }

    /// Instruction and static profile; equal for all agents of one record, so rendered once for it.
    private func fixedSegments(agent: AgentID, type: String) -> [String] {
        let key = population.recordKey(of: agent)
        if let cached = fixedParts.withLock({ $0[key] }) { return cached }
        var segments: [String] = []
        let fields = fields(of: agent, state: AgentState())
        for part in ["\(type).instruction", "\(type).profile"] where prompts.has(part) {
            segments.append(prompts.render(part, fields: fields))
        }
        fixedParts.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll(keepingCapacity: true) }
            cache[key] = segments
        }
        return segments
    }

    /// A spec's request hash. What all prompts of one record begin with, which is most of them, is hashed once.
    func requestHash(of spec: CompletionSpec, agent: AgentID) -> Digest128 {
        guard spec.messages.count > 1, let first = spec.messages.first else { return spec.requestHash }
        let key = population.recordKey(of: agent)
        if let known = hashPrefixes.withLock({ $0[key] }), known.spec.model == spec.model,
            known.spec.messages.count == spec.messages.count, known.spec.messages.first == first
        {
            return spec.requestHash(after: known.prefix)
        }
        let prefix = spec.requestHashPrefix
        // Of the spec that is kept only the beginning counts.
        var beginning = spec
        for index in beginning.messages.indices.dropFirst() { beginning.messages[index].segments = [] }
        hashPrefixes.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll(keepingCapacity: true) }
            cache[key] = (beginning, prefix)
        }
        return spec.requestHash(after: prefix)
    }

    /// Every field that an agent's own templates may use: static values overlaid by dynamic ones.
    private func fields(of agent: AgentID, state: AgentState) -> Value {
        .map(population.record(of: agent).merging(state.fields) { $1 })
    }

    private func memorySegments(_ memory: MemoryView) -> [String] {
        func entries(_ texts: [String]) -> Value { .list(texts.map { .map(["text": .text($0)]) }) }
        let text = prompts.render(
            "memory", fields: .map(["short": entries(memory.short), "long": entries(memory.long)]))
        return Self.cut(text, around: memory.short + memory.long)
    }

    /// Cuts a rendered text around those of `pieces` that stand in it, so that a piece shared by many prompts is
    /// stored once. Joining the result gives the text back.
    static func cut(_ text: String, around pieces: [String]) -> [String] {
        var marks: [Range<Int>] = []
        var copy = text
        copy.withUTF8 { haystack in
            for piece in pieces where piece.utf8.count >= segmentBytes {
                var needle = piece
                needle.withUTF8 { needle in
                    if let start = ByteSearch.first(of: needle, in: haystack) {
                        marks.append(start..<start + needle.count)
                    }
                }
            }
        }
        // Of marks that start together the longest wins, whatever the order of the pieces.
        marks.sort { ($0.lowerBound, -$0.upperBound) < ($1.lowerBound, -$1.upperBound) }
        let bytes = text.utf8
        var segments: [String] = []
        var position = 0
        func piece(_ range: Range<Int>) -> String {
            let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
            return String(text[start..<bytes.index(start, offsetBy: range.count)])
        }
        for mark in marks where mark.lowerBound >= position {
            if mark.lowerBound > position { segments.append(piece(position..<mark.lowerBound)) }
            segments.append(piece(mark))
            position = mark.upperBound
        }
        if position < bytes.count { segments.append(piece(position..<bytes.count)) }
        return segments
    }
}
