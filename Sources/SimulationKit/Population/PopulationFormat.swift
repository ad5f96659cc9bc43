/// How a population file is written.
public enum PopulationFormat: String, Sendable, CaseIterable {
    /// A JSON array of records.
    case json
    /// One JSON record a line.
    case jsonl
    /// A table: the first line names the fields, each other line is a record.
    case csv
    /// The original GenSim's files: an array of `{"class": ..., "args": {fields}}`.
    case gensim
    /// Distributions from which records are drawn: YAML; see `PopulationSpec`.
    case drawn
}
