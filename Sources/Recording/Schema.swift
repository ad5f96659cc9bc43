/// The tables of a recording. `docs/recording.md` explains every column.
enum Schema {
    /// Written into the file's header; a newer one is refused.
    static let version: Int64 = 7
    /// "GenS", so that `file` and a careless hand can tell whose database it is.
    static let applicationID: Int64 = 0x4765_6e53
    /// Vectors of 1.5 kB fill a page of 8 kB to 95 %, one of 4 kB only to 75 %.
    static let pageBytes = 8192

    /// Columns of `calls`, shared with `void_calls`, which a call that turns out to be void moves to.
    static let callColumns = [
        "id", "round", "agent", "turn", "n", "kind_code", "settings", "model", "attempts", "prompt_tokens",
        "completion_tokens", "request", "prompt", "answer", "rejection", "result",
        "distribution", "coverage", "fallback",
    ]

    private static let callDefinition = """
        id INTEGER PRIMARY KEY,
        round INTEGER NOT NULL,
        agent INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        n INTEGER NOT NULL,
        kind_code INTEGER NOT NULL,
        settings INTEGER NOT NULL,
        model TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        request BLOB NOT NULL,
        prompt TEXT NOT NULL,
        answer TEXT,
        rejection TEXT,
        result BLOB NOT NULL,
        distribution TEXT,
        coverage INTEGER,
        fallback TEXT,
        kind TEXT GENERATED ALWAYS AS (CASE kind_code WHEN 1 THEN 'choice' WHEN 2 THEN 'text' WHEN 3 THEN 'scale'
            WHEN 4 THEN 'structured' WHEN 5 THEN 'importance' WHEN 6 THEN 'questions' WHEN 7 THEN 'insights'
            ELSE 'count' END) VIRTUAL,
        status TEXT GENERATED ALWAYS AS (CASE WHEN answer IS NULL THEN 'failed' ELSE 'answered' END) VIRTUAL
        """

    /// The whole prompt as text: a line with the role before each message, the segments joined.
    private static let promptText = """
        (SELECT group_concat(piece, '') FROM (
            SELECT CASE WHEN part.value < 0
                THEN CASE WHEN part.key > 0 THEN char(10) ELSE '' END
                    || CASE part.value WHEN -1 THEN '[system]' WHEN -2 THEN '[user]' ELSE '[assistant]' END || char(10)
                ELSE segments.text END AS piece
            FROM json_each(calls.prompt) AS part LEFT JOIN segments ON segments.id = part.value
            ORDER BY part.key))
        """

    /// Statements that make an empty recording.
    static let statements =
        [
            """
            CREATE TABLE runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition BLOB NOT NULL, seed TEXT NOT NULL,
                partitions INTEGER NOT NULL, program_version TEXT NOT NULL, model TEXT NOT NULL,
                embedding_model TEXT NOT NULL, embedding_dimension INTEGER NOT NULL, configuration TEXT NOT NULL,
                created_at INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0, rounds INTEGER NOT NULL DEFAULT 0,
                owner INTEGER NOT NULL DEFAULT 0, ending TEXT, reason TEXT, duplicates INTEGER NOT NULL DEFAULT 0)
            """,
            """
            CREATE TABLE rounds (round INTEGER PRIMARY KEY, time INTEGER NOT NULL, state TEXT NOT NULL,
                roots INTEGER, failed INTEGER, contributions INTEGER, digest BLOB, opened_at INTEGER NOT NULL,
                closed_at INTEGER)
            """,
            """
            CREATE TABLE plans (round INTEGER NOT NULL, partition INTEGER NOT NULL, roots INTEGER NOT NULL,
                PRIMARY KEY (round, partition)) WITHOUT ROWID
            """,
            """
            CREATE TABLE steps (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, epoch INTEGER NOT NULL,
                round INTEGER NOT NULL, partition INTEGER, number INTEGER, holder INTEGER, text TEXT, digest BLOB)
            """,
            """
            CREATE TABLE interventions (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, request BLOB NOT NULL,
                n INTEGER NOT NULL, content TEXT NOT NULL, bytes BLOB NOT NULL)
            """,
            "CREATE INDEX interventions_by_round ON interventions (round)",
            "CREATE UNIQUE INDEX interventions_by_request ON interventions (request, n)",
            """
            CREATE TABLE traps (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, host TEXT NOT NULL,
                life INTEGER NOT NULL, signal INTEGER NOT NULL, root BLOB NOT NULL, alone INTEGER NOT NULL)
            """,
            "CREATE INDEX traps_by_round ON traps (round)",
            "CREATE TABLE partitions (partition INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, host INTEGER NOT NULL)",
            """
            CREATE TABLE agents (agent INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL,
                partition INTEGER NOT NULL, profile TEXT NOT NULL)
            """,
            """
            CREATE TABLE turns (id INTEGER PRIMARY KEY, identity BLOB NOT NULL, root INTEGER NOT NULL,
                round INTEGER NOT NULL, partition INTEGER, agent INTEGER, kind_code INTEGER NOT NULL, parent INTEGER,
                n INTEGER, status_code INTEGER NOT NULL,
                kind TEXT GENERATED ALWAYS AS (CASE kind_code WHEN 0 THEN 'passive' WHEN 1 THEN 'act'
                    WHEN 2 THEN 'consolidate' WHEN 3 THEN 'environment' ELSE NULL END) VIRTUAL,
                status TEXT GENERATED ALWAYS AS (CASE status_code WHEN 0 THEN 'open' WHEN 1 THEN 'done'
                    WHEN 2 THEN 'failed' ELSE 'void' END) VIRTUAL)
            """,
            "CREATE INDEX turns_by_root ON turns (root)",
            "CREATE TABLE calls (\(callDefinition))",
            "CREATE UNIQUE INDEX calls_by_turn ON calls (turn, n)",
            "CREATE TABLE void_calls (\(callDefinition), reason TEXT NOT NULL)",
            "CREATE INDEX void_calls_by_turn ON void_calls (turn, n)",
            """
            CREATE TABLE attempts (id INTEGER PRIMARY KEY, call INTEGER NOT NULL, attempt INTEGER NOT NULL,
                reason TEXT NOT NULL, answer TEXT NOT NULL)
            """,
            "CREATE INDEX attempts_by_call ON attempts (call)",
            """
            CREATE TABLE settings (id INTEGER PRIMARY KEY, model TEXT NOT NULL, "constraint" TEXT NOT NULL,
                details TEXT NOT NULL, temperature INTEGER NOT NULL, top_p INTEGER NOT NULL,
                max_tokens INTEGER NOT NULL, reading_code INTEGER NOT NULL,
                reading TEXT GENERATED ALWAYS AS (CASE reading_code WHEN 1 THEN 'distribution' ELSE 'sample' END)
                    VIRTUAL)
            """,
            "CREATE INDEX settings_by_details ON settings (details)",
            """
            CREATE TABLE embedding_calls (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, agent INTEGER NOT NULL,
                turn INTEGER NOT NULL, n INTEGER NOT NULL, model TEXT NOT NULL, request BLOB NOT NULL,
                vectors TEXT NOT NULL, result BLOB NOT NULL, void INTEGER NOT NULL DEFAULT 0)
            """,
            "CREATE INDEX embedding_calls_by_turn ON embedding_calls (turn, n)",
            "CREATE TABLE segments (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
            """
            CREATE TABLE segment_keys (key INTEGER NOT NULL, segment INTEGER NOT NULL, PRIMARY KEY (key, segment))
                WITHOUT ROWID
            """,
            "CREATE TABLE vectors (id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, vector BLOB NOT NULL)",
            "CREATE INDEX vectors_by_segment ON vectors (segment)",
            """
            CREATE TABLE files (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL,
                bytes BLOB NOT NULL)
            """,
            """
            CREATE TABLE trees (id INTEGER PRIMARY KEY, root INTEGER NOT NULL, round INTEGER NOT NULL,
                partition INTEGER NOT NULL, kind_code INTEGER NOT NULL, failed INTEGER NOT NULL,
                merge_order BLOB NOT NULL, digest BLOB NOT NULL, embeddings TEXT NOT NULL, bytes BLOB NOT NULL)
            """,
            "CREATE UNIQUE INDEX trees_in_order ON trees (round, merge_order)",
            "CREATE INDEX trees_by_partition ON trees (round, partition)",
            """
            CREATE TABLE claims (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, tree INTEGER NOT NULL,
                place INTEGER NOT NULL, n INTEGER NOT NULL, owner INTEGER NOT NULL, claimant INTEGER NOT NULL,
                resource TEXT NOT NULL, amount INTEGER NOT NULL, granted INTEGER NOT NULL)
            """,
            "CREATE INDEX claims_by_round ON claims (round)",
            """
            CREATE TABLE resources (agent INTEGER NOT NULL, resource TEXT NOT NULL, remaining INTEGER NOT NULL,
                PRIMARY KEY (agent, resource)) WITHOUT ROWID
            """,
            """
            CREATE TABLE messages (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, turn INTEGER NOT NULL,
                n INTEGER NOT NULL, sender INTEGER NOT NULL, recipient INTEGER NOT NULL, subject TEXT NOT NULL,
                body TEXT NOT NULL)
            """,
            """
            CREATE TABLE events (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, turn INTEGER NOT NULL,
                n INTEGER NOT NULL, agent INTEGER NOT NULL, target INTEGER NOT NULL, name TEXT NOT NULL,
                details TEXT NOT NULL)
            """,
            """
            CREATE TABLE memories (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, turn INTEGER NOT NULL,
                n INTEGER NOT NULL, agent INTEGER NOT NULL, kind TEXT NOT NULL, time INTEGER, importance INTEGER,
                segment INTEGER NOT NULL)
            """,
            """
            CREATE TABLE consolidations (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, turn INTEGER NOT NULL,
                n INTEGER NOT NULL, agent INTEGER NOT NULL, importances TEXT NOT NULL, accumulator INTEGER NOT NULL)
            """,
            """
            CREATE TABLE failures (id INTEGER PRIMARY KEY, round INTEGER NOT NULL, turn INTEGER NOT NULL,
                agent INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL)
            """,
            """
            CREATE TABLE batches (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, round INTEGER NOT NULL,
                length INTEGER NOT NULL, hash BLOB NOT NULL, rows TEXT NOT NULL, parts BLOB NOT NULL)
            """,
            """
            CREATE VIEW calls_full AS SELECT calls.id, calls.round, agents.id AS agent, agents.type AS agent_type,
                calls.turn, calls.n, calls.kind, calls.model, calls.status, calls.attempts, calls.prompt_tokens,
                calls.completion_tokens, \(promptText) AS prompt, calls.answer, calls.rejection, \
                CASE settings."constraint" WHEN 'choice' THEN settings.details END AS options,
                calls.distribution, calls.coverage, calls.fallback
            FROM calls LEFT JOIN agents ON agents.agent = calls.agent
                LEFT JOIN settings ON settings.id = calls.settings
            """,
            """
            CREATE VIEW call_prompts AS SELECT calls.id AS call, \(promptText) AS prompt FROM calls
            """,
            """
            CREATE VIEW memory_texts AS SELECT memories.id, memories.round, memories.turn, memories.n,
                agents.id AS agent, memories.kind, memories.time, memories.importance, segments.text
            FROM memories JOIN segments ON segments.id = memories.segment
                LEFT JOIN agents ON agents.agent = memories.agent
            """,
        ] + [MergedTable.statement] + SnapshotFormat.statements
}
