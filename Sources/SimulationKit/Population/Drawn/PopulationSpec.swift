import Hashing
import Model
import Support

/// Records drawn from distributions: marginal ones, conditional tables, and texts made of the fields before. A record
/// depends on the seed, the spec and its own number alone, so that more of them change none of the first.
public struct PopulationSpec: Sendable, Equatable {
    /// A field and how its values are drawn.
    public struct Field: Sendable, Equatable {
        /// Its name. One that begins with `_` is for the fields after it alone, and in no record.
        public var name: String
        /// How it is drawn: the first row whose conditions hold.
        public var rows: [Row]

        /// A field; see the properties.
        public init(name: String, rows: [Row]) {
            self.name = name
            self.rows = rows
        }
    }

    /// A distribution, and for whom it holds.
    public struct Row: Sendable, Equatable {
        /// What fields drawn before must be; all of them, none for everybody.
        public var conditions: [Condition]
        /// The distribution.
        public var draw: Draw

        /// A row of a conditional table.
        public init(conditions: [Condition] = [], draw: Draw) {
            self.conditions = conditions
            self.draw = draw
        }
    }

    /// What a field must be.
    public struct Condition: Sendable, Equatable {
        /// What it may be.
        public enum Test: Sendable, Equatable {
            /// One of these values.
            case oneOf([Value])
            /// A whole number within this range.
            case within(ClosedRange<Int64>)
        }

        /// The field.
        public var field: String
        /// What it may be.
        public var test: Test

        /// A condition on a field.
        public init(field: String, test: Test) {
            self.field = field
            self.test = test
        }

        func holds(in values: [String: Value]) -> Bool {
            guard let value = values[field] else { return false }
            switch test {
            case .oneOf(let allowed): return allowed.contains(value)
            case .within(let range): return value.int.map(range.contains) ?? false
            }
        }
    }

    /// A value and how often it is drawn, relative to the others.
    public struct Weighted: Sendable, Equatable {
        /// The value.
        public var value: Value
        /// Its weight in millionths.
        public var weight: Int64

        /// A value with its weight.
        public init(_ value: Value, weight: Int64) {
            self.value = value
            self.weight = weight
        }
    }

    /// A distribution.
    public enum Draw: Sendable, Equatable {
        /// One of these values, of which at least one has a weight.
        case choose([Weighted])
        /// A whole number, each alike.
        case uniform(ClosedRange<Int64>)
        /// A whole number around a mean; mean and standard deviation in millionths. What falls outside of the range is
        /// drawn again.
        case normal(mean: Int64, deviation: Int64, range: ClosedRange<Int64>)
        /// The number of the record's block: so many records in a row share one, and the first have block 0. What it
        /// gives depends on nothing but the record's number, so groups stay as large as they are however many records
        /// there are.
        case block(Int64)
        /// A template of a text, with fields drawn before and `number`, which counts records from 1.
        case text(String)
    }

    /// What the spec is for: part of every draw's seed.
    public let name: String
    /// What errors call it.
    private let place: String
    /// The fields, in the order in which they are drawn.
    public let fields: [Field]
    private let templates: [String: PromptTemplate]

    /// Name under which texts find the number of their record.
    public static let numberField = "number"

    /// A spec. Throws where a condition or a text names a field that is not drawn before.
    public init(name: String, fields: [Field], place: String) throws(UserError) {
        self.name = name
        self.place = place
        self.fields = fields
        var known: Set<String> = [Self.numberField]
        var templates: [String: PromptTemplate] = [:]
        for field in fields {
            for row in field.rows {
                for condition in row.conditions where !known.contains(condition.field) {
                    throw UserError(
                        "the field \(condition.field) is not drawn before \(field.name)", at: place,
                        advice: "put the fields that others depend on first", exitCode: .configuration)
                }
                guard case .text(let source) = row.draw, templates[source] == nil else { continue }
                let template = try PromptTemplate(
                    source, place: TemplatePlace(file: "\(place), field \(field.name)", firstLine: nil))
                try template.check(fields: known)
                templates[source] = template
            }
            guard known.insert(field.name).inserted else {
                throw UserError("the field \(field.name) is drawn twice", at: place, exitCode: .configuration)
            }
        }
        self.templates = templates
    }

    public static func == (left: PopulationSpec, right: PopulationSpec) -> Bool {
        left.name == right.name && left.fields == right.fields
    }

    /// Records of a type. A field of the type that is not drawn takes its initial value.
    public func records(
        _ count: Int, of type: AgentTypeDefinition, seed: RunSeed
    ) throws(UserError) -> [ProfileRecord] {
        let reader = PopulationReader(type: type, format: .drawn, file: place)
        var records: [ProfileRecord] = []
        records.reserveCapacity(count)
        for number in 1...max(1, count) where count > 0 {
            records.append(try reader.record(try values(number, seed: seed), number: number))
        }
        return records
    }

    /// The fields of record `number`, from 1. Throws where no row of a field holds.
    public func values(_ number: Int, seed: RunSeed) throws(UserError) -> [String: Value] {
        var generator = seed.draw(named: "population \(name) \(number)")
        var values: [String: Value] = [Self.numberField: .int(Int64(number))]
        for field in fields {
            guard let row = field.rows.first(where: { $0.conditions.allSatisfy { $0.holds(in: values) } }) else {
                throw UserError(
                    "no row of \(field.name) is for record \(number)", at: place,
                    advice: "end the table with a row without `when`", exitCode: .dataError)
            }
            values[field.name] = draw(row.draw, values, &generator)
        }
        return values.filter { $0.key != Self.numberField && !$0.key.hasPrefix("_") }
    }

    private func draw(
        _ draw: Draw, _ values: [String: Value], _ generator: inout SeededGenerator
    ) -> Value {
        switch draw {
        case .choose(let options):
            var left = Int64(generator.below(Int(options.reduce(0) { $0 + $1.weight })))
            for option in options {
                left -= option.weight
                if left < 0 { return option.value }
            }
            preconditionFailure("a draw is below the sum of the weights")
        case .uniform(let range): return .int(range.lowerBound + Int64(generator.below(range.count)))
        case .normal(let mean, let deviation, let range): return .int(Self.normal(mean, deviation, range, &generator))
        case .block(let size): return .int(((values[Self.numberField]?.int ?? 1) - 1) / size)
        case .text(let source): return .text(templates[source]?.rendered(with: .map(values)) ?? "")
        }
    }

    /// The sum of twelve uniform draws has a variance of one: nearly normal, and the same on every machine, which a
    /// logarithm is not (Box, Muller: A Note on the Generation of Random Normal Deviates, 1958, discuss both).
    private static func normal(
        _ mean: Int64, _ deviation: Int64, _ range: ClosedRange<Int64>, _ generator: inout SeededGenerator
    ) -> Int64 {
        // Who asks for a range far from the mean gets its nearest end rather than no answer.
        for _ in 0..<1_000 {
            let sum = (0..<12).reduce(Int64(-6_000_000)) { sum, _ in sum + Int64(generator.below(1_000_000)) }
            let value = Double(mean) + Double(deviation) * Double(sum) / 1_000_000
            let whole = Int64((value / 1_000_000).rounded())
            if range.contains(whole) { return whole }
        }
        return mean < range.lowerBound * 1_000_000 ? range.lowerBound : range.upperBound
    }
}
