"""Builds the reference of SimulationKit with DocC, from its doc comments and its catalogue of articles.

Fails where a public declaration has no doc comment, where DocC warns (of a link that leads nowhere, say), and where an
example does not compile that begins with `import SimulationKit`, and so is a whole file. Says on stderr what is wrong,
with file and line.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlparse

MODULE = "SimulationKit"
CATALOGUE = Path(f"Sources/{MODULE}/{MODULE}.docc")
# Types of another module that authors write with, by their module: `import SimulationKit` brings them along.
BORROWED = {"AgentID": "Model", "FixedVector": "Vectors", "SeededGenerator": "Hashing", "Value": "Model"}
EX_DATAERR, EX_UNAVAILABLE = 65, 69


class Fault(Exception):
    def __init__(self, text: str, code: int = EX_DATAERR) -> None:
        super().__init__(text)
        self.code = code


def mangled(module: str) -> str:
    """What a Swift symbol of a module has in its name, see the ABI's mangling."""
    return f"s:{len(module)}{module}"


def is_shown(symbol: dict) -> bool:
    """Whether it is the module's own, or belongs to a type that authors write with."""
    top = symbol["pathComponents"][0]
    precise = symbol["identifier"]["precise"]
    own, lender = mangled(MODULE), BORROWED.get(top)
    if lender is None:
        return precise.startswith(own)
    # What the module adds to such a type counts, what others make of it does not.
    lent = f"{mangled(lender)}{len(top)}{top}"
    return precise.startswith(lent) and "::SYNTHESIZED::" not in precise


def shown(graph: dict) -> dict:
    """The graph with what is shown alone."""
    symbols = [symbol for symbol in graph["symbols"] if is_shown(symbol)]
    known = {symbol["identifier"]["precise"] for symbol in symbols}
    relations = [
        relation for relation in graph["relationships"]
        if relation["source"] in known and (relation["target"] in known or relation["kind"] == "conformsTo")]
    return graph | {"symbols": symbols, "relationships": relations}


def place(symbol: dict) -> str:
    location = symbol.get("location")
    if location is None:
        return MODULE
    path = Path(unquote(urlparse(location["uri"]).path))
    here = Path.cwd()
    path = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{path}:{location['position']['line'] + 1}"


def undocumented(graph: dict) -> list[str]:
    """Public declarations without a doc comment. What the compiler made has no place in a file, and needs none."""
    found = []
    for symbol in graph["symbols"]:
        if "location" not in symbol or symbol.get("docComment", {}).get("lines"):
            continue
        found.append(f"{place(symbol)}: {'.'.join(symbol['pathComponents'])} has no doc comment")
    return sorted(found)


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def module_maps(build: Path) -> list[str]:
    """Where the compiler finds the C modules below the module: those of system libraries, and those that were built."""
    arguments = []
    for folder in sorted(Path("Sources/C").iterdir()):
        for path in (folder / "module.modulemap", build / f"{folder.name}.build/module.modulemap"):
            if path.exists():
                arguments += ["-Xcc", f"-fmodule-map-file={path}"]
    return arguments


def examples(text: str) -> list[tuple[int, str]]:
    """Examples of an article that are whole files, each with its first line's number."""
    found = []
    for match in re.finditer(r"^```swift\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if match[1].startswith(f"import {MODULE}\n"):
            found.append((text.count("\n", 0, match.start(1)) + 1, match[1]))
    return found


def check_examples(build: Path, work: Path) -> None:
    """Compiles the examples, each as a file of its own whose lines have the numbers that they have in their article."""
    for article in sorted(CATALOGUE.glob("*.md")):
        for line, code in examples(article.read_text()):
            file = work / f"{article.stem}.swift"
            file.write_text("\n" * (line - 1) + code)
            done = subprocess.run(
                ["swiftc", "-typecheck", "-module-name", "Example", "-swift-version", "6", "-parse-as-library",
                 "-warnings-as-errors", "-I", str(build / "Modules"), *module_maps(build), str(file)],
                capture_output=True, text=True)
            if done.returncode != 0:
                raise Fault(f"an example does not compile:\n{done.stderr.strip()}".replace(str(file), str(article)))


def symbol_graph(build: Path, folder: Path) -> dict:
    target = json.loads(output("swift", "-print-target-info"))["target"]["unversionedTriple"]
    done = subprocess.run(
        ["swift", "symbolgraph-extract", "-module-name", MODULE, "-I", str(build / "Modules"), "-target", target,
         "-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", str(folder),
         f"-experimental-allowed-reexported-modules={','.join(sorted(set(BORROWED.values())))}", *module_maps(build)],
        capture_output=True, text=True)
    if done.returncode != 0:
        raise Fault(f"the symbols cannot be read:\n{done.stderr.strip()}", EX_UNAVAILABLE)
    return json.loads((folder / f"{MODULE}.symbols.json").read_text())


def docc() -> str:
    """DocC of the toolchain in use: `swift` may be a link, or a program that finds it."""
    info = json.loads(output("swift", "-print-target-info"))
    beside = Path(info["paths"]["runtimeResourcePath"]).parent.parent / "bin/docc"
    found = str(beside) if beside.exists() else shutil.which("docc")
    if found is None:
        raise Fault("the Swift toolchain has no docc: install one from https://www.swift.org/install", EX_UNAVAILABLE)
    return found


def convert(graph: dict, out: Path, work: Path) -> None:
    graphs = work / "shown"
    graphs.mkdir()
    (graphs / f"{MODULE}.symbols.json").write_text(json.dumps(graph))
    done = subprocess.run(
        [docc(), "convert", str(CATALOGUE), "--additional-symbol-graph-dir", str(graphs), "--output-dir", str(out),
         "--fallback-display-name", MODULE, "--fallback-bundle-identifier", f"gensim.{MODULE}",
         "--fallback-default-module-kind", "Library", "--warnings-as-errors", "--ide-console-output"],
        capture_output=True, text=True)
    told = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or "warning:" in told:
        raise Fault(f"DocC is not content:\n{told}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="Scripts/reference", description=__doc__.splitlines()[0])
    parser.add_argument("--skip-build", action="store_true", help="take the debug build as it is")
    parser.add_argument("--out", type=Path, default=Path(".build/reference"), help="folder of the pages")
    arguments = parser.parse_args()
    try:
        if not arguments.skip_build:
            subprocess.run(["swift", "build", "--target", MODULE], check=True, stdout=sys.stderr)
        build = Path(output("swift", "build", "--show-bin-path").strip())
        if not (build / f"Modules/{MODULE}.swiftmodule").exists():
            raise Fault(f"{MODULE} has not been built: leave out --skip-build", EX_UNAVAILABLE)
        with tempfile.TemporaryDirectory() as work:
            graph = shown(symbol_graph(build, Path(work)))
            missing = undocumented(graph)
            if missing:
                raise Fault("\n".join(missing))
            check_examples(build, Path(work))
            convert(graph, arguments.out, Path(work))
    except Fault as fault:
        print(f"reference: {fault}", file=sys.stderr)
        sys.exit(fault.code)
    except subprocess.CalledProcessError as failed:
        print(f"reference: `{' '.join(failed.cmd)}` failed\n{failed.stderr or ''}", file=sys.stderr)
        sys.exit(EX_UNAVAILABLE)
    pages = len(list((arguments.out / "data/documentation").rglob("*.json")))
    print(f"{arguments.out}: {pages} pages; to read them: "
          f"python3 -m http.server --bind 127.0.0.1 --directory {arguments.out} 8080, "
          f"then http://127.0.0.1:8080/documentation/{MODULE.lower()}")


if __name__ == "__main__":
    main()
