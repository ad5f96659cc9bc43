import Model
import SimulationKit
import Support
import YAMLReading

extension PopulationSpec {
    private static let draws = ["choose", "range", "normal", "block", "text"]

    /// Reads a YAML file of distributions; `file` is what errors call it, and its last part enters what is drawn.
    public init(yaml: String, file: String) throws(UserError) {
        let root = try YAMLSection(yaml: yaml, file: file, keys: ["fields"])
        let section = try root.section("fields", keys: nil)
        guard !section.keys.isEmpty else {
            throw root.error(
                "there are no fields", key: "fields", advice: "write fields: { age: { range: [18, 90] } }")
        }
        var fields: [Field] = []
        for name in section.keys {
            let entry = try section.section(name, keys: Self.draws + ["table"])
            fields.append(Field(name: name, rows: try Self.rows(entry, name, section)))
        }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        try self.init(name: name, fields: fields, place: file)
    }

    private static func rows(
        _ entry: YAMLSection, _ name: String, _ parent: YAMLSection
    ) throws(UserError) -> [Row] {
        guard entry.has("table") else { return [Row(draw: try draw(entry, name, parent))] }
        guard !draws.contains(where: { entry.has($0) }) else {
            throw parent.error("\(name) has a table and a distribution of its own", key: name, advice: "keep one")
        }
        var rows: [Row] = []
        for element in try entry.elements("table", as: "row") {
            let row = try element.section("row", keys: draws + ["when"])
            let conditions = try row.section("when", keys: nil)
            var tests: [Condition] = []
            for field in conditions.keys { tests.append(try condition(field, conditions)) }
            rows.append(Row(conditions: tests, draw: try draw(row, name, element, key: "row")))
        }
        guard let last = rows.last, last.conditions.isEmpty else {
            throw entry.error(
                "the table has no row for the rest", key: "table", advice: "end it with a row without `when`")
        }
        return rows
    }

    private static func condition(_ field: String, _ section: YAMLSection) throws(UserError) -> Condition {
        guard section.isScalar(field) || section.isList(field) else {
            let range = try section.section(field, keys: ["from", "to"])
            let from = try range.int("from", -maxNumber...maxNumber, default: -maxNumber)
            let to = try range.int("to", from...maxNumber, default: maxNumber)
            return Condition(field: field, test: .within(Int64(from)...Int64(to)))
        }
        return Condition(field: field, test: .oneOf(try section.scalars(field)))
    }

    private static let maxNumber = 1_000_000_000

    private static func draw(
        _ entry: YAMLSection, _ name: String, _ parent: YAMLSection, key: String? = nil
    ) throws(UserError) -> Draw {
        let given = draws.filter { entry.has($0) }
        guard given.count == 1 else {
            throw parent.error(
                "\(name) needs one distribution", key: key ?? name,
                advice:
                    "choose: {value: weight}, range: [low, high], normal: {mean, deviation, range}, block: size or text"
            )
        }
        switch given[0] {
        case "choose": return .choose(try weighted(entry))
        case "range": return .uniform(try range(entry))
        case "block": return .block(Int64(try entry.int("block", 1...maxNumber)))
        case "text": return .text(try entry.text("text"))
        default:
            let normal = try entry.section("normal", keys: ["mean", "deviation", "range"])
            let bound = Int64(maxNumber) * 1_000_000
            return .normal(
                mean: try normal.decimal("mean", digits: 6, -bound...bound, default: 0),
                deviation: try normal.decimal("deviation", digits: 6, 0...bound, default: 1_000_000),
                range: try range(normal))
        }
    }

    private static func range(_ section: YAMLSection) throws(UserError) -> ClosedRange<Int64> {
        let bounds = try section.scalars("range").compactMap(\.int)
        guard bounds.count == 2, bounds[0] <= bounds[1], bounds.allSatisfy({ abs($0) <= maxNumber }) else {
            throw section.error("a range is two whole numbers", key: "range", advice: "write [18, 90]")
        }
        return bounds[0]...bounds[1]
    }

    /// Values with weights, or a list of values that are equally likely.
    private static func weighted(_ entry: YAMLSection) throws(UserError) -> [Weighted] {
        var options: [Weighted] = []
        if entry.isList("choose") {
            options = try entry.scalars("choose").map { Weighted($0, weight: 1_000_000) }
        } else {
            let section = try entry.section("choose", keys: nil)
            for key in section.keys {
                let weight = try section.decimal(key, digits: 6, 0...1_000_000_000_000, default: 0)
                options.append(Weighted(Int64(key).map(Value.int) ?? .text(key), weight: weight))
            }
        }
        guard options.contains(where: { $0.weight > 0 }) else {
            throw entry.error(
                "no value has a weight", key: "choose", advice: "write {name: 0.3, other: 0.7} or [name, other]")
        }
        return options
    }
}
