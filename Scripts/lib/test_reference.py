"""What the reference shows, and what it finds wanting."""

import unittest

import reference


def symbol(precise: str, *path: str, doc: str | None = "What it is.", line: int | None = 4) -> dict:
    found: dict = {"identifier": {"precise": precise}, "pathComponents": list(path)}
    if doc is not None:
        found["docComment"] = {"lines": [{"text": doc}]}
    if line is not None:
        found["location"] = {"uri": f"file://{reference.Path.cwd()}/Sources/A%20b.swift", "position": {"line": line}}
    return found


OWN = symbol("s:13SimulationKit4TurnC", "Turn")
VALUE = symbol("s:5Model5ValueO", "Value")
ADDED = symbol("s:5Model5ValueO13SimulationKitE12readableText", "Value", "readableText")
LEASE = symbol("s:5Model5LeaseV", "Lease")
STRING = symbol("s:SS13SimulationKitE7trimmed", "String", "trimmed")


class ReferenceTests(unittest.TestCase):
    def test_the_modules_own_symbols_are_shown_and_types_that_authors_write_with(self):
        graph = {"symbols": [OWN, VALUE, ADDED, LEASE, STRING], "relationships": [], "module": {"name": "Kit"}}
        found = reference.shown(graph)
        self.assertEqual(found["symbols"], [OWN, VALUE, ADDED])
        self.assertEqual(found["module"], {"name": "Kit"})

    def test_a_type_whose_name_begins_alike_is_not_borrowed(self):
        self.assertFalse(reference.is_shown(symbol("s:5Model9ValueListV", "ValueList")))
        self.assertFalse(reference.is_shown(symbol("s:4Else5ValueO", "Value")))

    def test_relations_to_what_is_not_shown_are_left_out_except_conformances(self):
        def relation(kind: str, source: dict, target: str) -> dict:
            return {"kind": kind, "source": source["identifier"]["precise"], "target": target}

        kept = [relation("memberOf", ADDED, VALUE["identifier"]["precise"]), relation("conformsTo", VALUE, "s:SH")]
        gone = [relation("memberOf", VALUE, "s:5Model"), relation("conformsTo", LEASE, "s:SH")]
        graph = {"symbols": [VALUE, ADDED, LEASE], "relationships": kept + gone}
        self.assertEqual(reference.shown(graph)["relationships"], kept)

    def test_a_declaration_without_a_doc_comment_is_named_with_its_place(self):
        graph = {"symbols": [OWN, symbol("s:13SimulationKit1X", "Turn", "x()", doc=None)]}
        self.assertEqual(reference.undocumented(graph), ["Sources/A b.swift:5: Turn.x() has no doc comment"])

    def test_what_the_compiler_made_needs_no_doc_comment(self):
        graph = {"symbols": [symbol("s:13SimulationKit1Y", "Y", "init(rawValue:)", doc=None, line=None)]}
        self.assertEqual(reference.undocumented(graph), [])

    def test_examples_that_are_whole_files_are_found_with_their_lines(self):
        text = "# A\n\n```swift\nlet x = 1\n```\n\n```swift\nimport SimulationKit\nlet y = 2\n```\n\n```\nsh\n```\n"
        self.assertEqual(reference.examples(text), [(8, "import SimulationKit\nlet y = 2\n")])


if __name__ == "__main__":
    unittest.main()
