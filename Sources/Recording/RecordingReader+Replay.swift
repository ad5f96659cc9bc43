import ClusterLogic
import Hashing
import Model

/// What a replay reads of a recording.
extension RecordingReader {
    /// A file of the run by its content address, nil where there is none.
    public func file(_ hash: Digest256) throws -> [UInt8]? {
        try read { database in
            let row = try SQLStatement(database, "SELECT bytes FROM files WHERE hash = ?")
            row.bind(1, hash.bytes)
            return try row.first { $0.blob(0) }
        }
    }

    /// All rounds in order, the open one included.
    public func rounds() throws -> [RecordedRound] {
        try read { database in
            let rows = try SQLStatement(
                database, "SELECT round, time, digest, opened_at, closed_at FROM rounds ORDER BY round")
            var rounds: [RecordedRound] = []
            while try rows.step() {
                rounds.append(
                    RecordedRound(
                        number: UInt32(clamping: rows.int(0)), time: rows.int(1),
                        digest: Digest256(rows.bytes(2)), openedAt: rows.int(3),
                        closedAt: rows.isNull(4) ? nil : rows.int(4)))
            }
            return rounds
        }
    }

    /// When nobody worked on the run, in milliseconds since 1970: from a pause or an ending until it went on. Where a
    /// coordinator ended without a word, that is from the last batch before the next one came.
    public func idleTimes() throws -> [Range<Int64>] {
        try read { database in
            let rows = try SQLStatement(
                database,
                """
                SELECT at, kind, (SELECT max(batches.at) FROM batches WHERE batches.at < steps.at) FROM steps
                WHERE kind NOT IN ('created', 'granted', 'opened', 'planned', 'merged', 'closed', 'intervened')
                ORDER BY id
                """)
            var idle: [Range<Int64>] = []
            var since: Int64?
            while try rows.step() {
                let (at, kind) = (rows.int(0), rows.text(1))
                switch kind {
                case "playing", StepTable.Kind.raised.rawValue:
                    let start = since ?? (kind == "playing" || rows.isNull(2) ? at : rows.int(2))
                    // The machine's clock may have been set back meanwhile.
                    if start < at { idle.append(start..<at) }
                    since = nil
                default: since = since ?? at
                }
            }
            return idle
        }
    }

    /// What a closed round used and came to. `position` says where it begins, and goes to its end: rounds are read in
    /// order, the first from the start.
    public func contents(ofRound round: UInt32, _ position: inout RecordedPosition) throws -> RecordedContents {
        try read { try ReplayReader($0).contents(round: round, &position) }
    }

    /// Packed interventions that were accepted while the run was played and take effect with a round, in their order.
    public func interventions(inRound round: UInt32) throws -> [[UInt8]] {
        try read { try InterventionTable.contents(round: round, $0) }
    }

    /// The interventions of a request, packed, with the round of each; none where it was not accepted.
    public func interventions(ofRequest request: Digest128) throws -> [(round: UInt32, bytes: [UInt8])] {
        try read { database in
            let rows = try SQLStatement(database, "SELECT round, bytes FROM interventions WHERE request = ? ORDER BY n")
            rows.bind(1, request)
            var kept: [(round: UInt32, bytes: [UInt8])] = []
            while try rows.step() { kept.append((UInt32(clamping: rows.int(0)), rows.blob(1))) }
            return kept
        }
    }

    /// The decisions on a round's claims, in order.
    public func claims(ofRound round: UInt32) throws -> [ClaimDecision] {
        try read { database in
            let rows = try SQLStatement(
                database,
                "SELECT place, n, owner, claimant, resource, amount, granted FROM claims WHERE round = ? ORDER BY id")
            rows.bind(1, Int64(round))
            var claims: [ClaimDecision] = []
            while try rows.step() { claims.append(ClaimDecision(rows)) }
            return claims
        }
    }

    /// The tree under a key.
    public func tree(_ key: Int64) throws -> Tree {
        try read { database in try TreeReader(database, ContentReader(database)).tree(key).tree }
    }

    /// Everything recorded of a call, prompts included: first what counts, then what is void.
    public func outcomes(of call: CallID, root: TurnID) throws -> [(record: OutcomeRecord, isVoid: Bool)] {
        try read { database in
            let reader = try OutcomeReader(database, ContentReader(database))
            let owner = OutcomeReader.Owner(call: call, root: root, partition: 0)
            // Looked up by a pass over the turns: only the first difference of a replay asks for it.
            let rows = try SQLStatement(
                database,
                """
                WITH turn AS (SELECT id FROM turns WHERE identity = ?1)
                SELECT id, 1, 0 FROM calls WHERE turn IN turn AND n = ?2
                UNION ALL SELECT id, 0, void FROM embedding_calls WHERE turn IN turn AND n = ?2
                UNION ALL SELECT id, 1, 1 FROM void_calls WHERE turn IN turn AND n = ?2
                """)
            rows.bind(1, call.turn.digest)
            rows.bind(2, Int64(call.number))
            var found: [RecordedVariant] = []
            while try rows.step() {
                found.append(
                    RecordedVariant(
                        request: call.turn.digest, result: call.turn.digest, row: rows.int(0),
                        isCompletion: rows.int(1) != 0, isAside: rows.int(2) != 0))
            }
            return try found.map { (try reader.record($0, owner), $0.isAside) }
        }
    }
}
