// swift-tools-version: 6.2
import PackageDescription

// The table of allowed import arrows: a target may import what it lists here and nothing else.
// `Scripts/test` passes --explicit-target-dependency-import-check error, and
// Tests/ArchitectureTests reads the import lines against this very table.

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let csv = Target.Dependency.product(name: "SwiftCSV", package: "SwiftCSV")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

let apt: ([String]) -> [SystemPackageProvider] = { [.apt($0)] }

// C libraries, each behind exactly one Swift module.
let cTargets: [Target] = [
    .systemLibrary(name: "CZMQ", path: "Sources/C/CZMQ", providers: apt(["libzmq3-dev"])),
    .systemLibrary(name: "CCurl", path: "Sources/C/CCurl", providers: apt(["libcurl4-openssl-dev"])),
    .systemLibrary(name: "CMsgpack", path: "Sources/C/CMsgpack", providers: apt(["libmsgpack-dev"])),
    .systemLibrary(name: "CSodium", path: "Sources/C/CSodium", providers: apt(["libsodium-dev"])),
    .target(name: "CxxMsgpackTape", path: "Sources/C/CxxMsgpackTape", cxxSettings: [.define("MSGPACK_NO_BOOST")]),
    .target(
        name: "CxxSimdJSON", path: "Sources/C/CxxSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CVectorKernels", path: "Sources/C/CVectorKernels"),
    .target(name: "CLinux", path: "Sources/C/CLinux"),
    .target(name: "CTrapLog", path: "Sources/C/CTrapLog"),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)")
}

let libraries: [Target] = [
    // Foundations: no knowledge of simulation.
    library("Support", ["CLinux"]),
    library("Metrics", ["Support"]),
    library("Hashing", ["CSodium"]),
    library("MessagePack", ["CMsgpack", "CxxMsgpackTape"]),
    library("JSON", ["CxxSimdJSON"]),
    library("Vectors", ["CVectorKernels"]),
    library("ZeroMQ", ["CZMQ", "Support"]),
    library("Curl", ["CCurl", "CLinux", "Support"]),
    // What a run is made of, and what crosses a socket.
    library("Model", ["Hashing", "MessagePack"]),
    // Whose code runs, in a file that outlives the process.
    library("TrapLog", ["CTrapLog", "Model", "Hashing", "Support"]),
    library("Wire", ["Model", "MessagePack", "Hashing", "Support"]),
    library("Transport", ["ZeroMQ", "MessagePack", "Support", deque]),
    // Pure protocol logic: state machines that return actions.
    library("ClusterLogic", ["Model", "Hashing", "Support", deque]),
    library("GatewayLogic", ["Support", deque, heap]),
    // The kit that a scenario author imports, and the scenarios.
    library("SimulationKit", ["Model", "MessagePack", "Hashing", "Vectors", "Support", "JSON", csv]),
    // Strict reading of YAML files.
    library("YAMLReading", ["Model", "Support", yams]),
    // The published prototype's configurations as ours.
    library("OriginalImport", ["YAMLReading", "JSON", "Support"]),
    library("JobMarket", ["SimulationKit", "Model"]),
    library("GroupDiscussion", ["SimulationKit", "Model", "Support"]),
    library("Declarative", ["SimulationKit", "YAMLReading", "Model", "JSON", "Support"]),
    library("Recommendation", ["SimulationKit", "Model", "Hashing", "JSON", "Support"]),
    library(
        "Scenarios", ["SimulationKit", "JobMarket", "GroupDiscussion", "Recommendation", "Declarative"]),
    library(
        "RunConfiguration", ["SimulationKit", "YAMLReading", "Model", "Hashing", "Vectors", "Support"]),
    library("TurnEngine", ["SimulationKit", "Model", "Hashing", "Vectors", heap]),
    // The durable store, and what reads it.
    library("Recording", ["Model", "Hashing", "Vectors", "ClusterLogic", "Metrics", "Support", grdb, sqlite]),
    // Executes a recorded run again.
    library(
        "Replay",
        [
            "TurnEngine", "Recording", "RunConfiguration", "SimulationKit", "ClusterLogic", "Model", "Hashing",
            "Vectors", "Support",
        ]),
    // One library per role.
    library("ServiceRuntime", ["Support", "Transport", "Wire", "Model", log, arguments]),
    // A process's metrics over HTTP.
    library(
        "MetricsServer", ["Metrics", "ServiceRuntime", "Support", nioCore, nioPosix, nioHTTP, arguments]),
    library(
        "CoordinatorRole",
        [
            "Recording", "Replay", "RunConfiguration", "OriginalImport", "Scenarios", "SimulationKit", "ClusterLogic",
            "TrapLog", "Transport",
            "Wire", "Model", "Hashing", "Support", "ServiceRuntime", "Metrics", "MetricsServer", "JSON", log, arguments,
        ]),
    library(
        "AgentHostRole",
        [
            "TurnEngine", "RunConfiguration", "SimulationKit", "ClusterLogic", "TrapLog", "Transport", "Wire",
            "Model",
            "Hashing",
            "Vectors", "Support", "ServiceRuntime", "Metrics", "MetricsServer", log, arguments,
        ]),
    library(
        "LLMGatewayRole",
        [
            "GatewayLogic", "Curl", "JSON", "Transport", "Wire", "Model", "MessagePack", "Hashing", "Support",
            "ServiceRuntime", "Metrics", "MetricsServer", log,
            arguments, deque,
        ]),
    library(
        "EmbeddingGatewayRole",
        [
            "Curl", "JSON", "Transport", "Wire", "Model", "MessagePack", "Hashing", "Vectors", "Support",
            "ServiceRuntime", "Metrics", "MetricsServer", log,
            arguments,
        ]),
    library(
        "RecorderRole",
        [
            "Recording", "Transport", "Wire", "Model", "Support", "ServiceRuntime", "Metrics", "MetricsServer",
            arguments,
        ]),
    // A GPU's clock, batches and KV, without a model and without a socket.
    library("GPUEmulation", ["JSON", "Support"]),
    library(
        "EmulatorRole",
        ["GPUEmulation", "JSON", "Hashing", "Support", nioCore, nioPosix, nioHTTP, arguments, deque]),
    // Model servers that a placement is measured against.
    library("PlacementModel", ["GatewayLogic", "Hashing", "Support"]),
    // What a package with scenarios of its own builds its program from.
    library(
        "ScenarioProgram",
        ["CoordinatorRole", "AgentHostRole", "Scenarios", "SimulationKit", "ServiceRuntime", "Support", arguments]),
    library("TestKit", ["Support"]),
    // Plays scenarios in tests, without processes and servers.
    library("ScenarioTestKit", ["RunConfiguration", "SimulationKit", "Model", "Hashing", "Vectors"]),
    // What fuzzing drives: an entry for each reader of what comes from outside.
    library(
        "FuzzTargets",
        ["RunConfiguration", "Scenarios", "SimulationKit", "Transport", "Wire", "Model", "MessagePack", "JSON"]),
]

func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "services/\(name)", exclude: ["README.md"])
}

let services: [Target] = [
    service("coordinator", ["CoordinatorRole"]),
    service("agent-host", ["AgentHostRole", "Scenarios", "ServiceRuntime", arguments]),
    service("llm-gateway", ["LLMGatewayRole"]),
    service("embedding-gateway", ["EmbeddingGatewayRole"]),
    service("recorder", ["RecorderRole"]),
    service("llm-emulator", ["EmulatorRole"]),
    service("supervisor", ["ServiceRuntime"]),
]

// Programs that tests start; no part of an installation.
let testPrograms: [Target] = [
    .executableTarget(
        name: "trap-town", dependencies: ["ScenarioProgram", "SimulationKit", "Vectors"], path: "Tests/TrapTown")
]

// Programs that `Scripts/bench` runs; no part of an installation.
let benchmarks: [Target] = [
    .executableTarget(
        name: "gateway-bench",
        dependencies: [
            "PlacementModel", "GatewayLogic", "Transport", "Wire", "Model", "Hashing", "Support", arguments,
        ],
        path: "Benchmarks/gateway-bench"),
    .executableTarget(
        name: "nearest-benchmark", dependencies: ["Vectors", "Hashing"], path: "Benchmarks/Nearest"),
]

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestKit"], path: "Tests/\(name)Tests",
        exclude: ["Wire": ["golden.txt"], "PythonClient": ["client.py"], "FuzzRegression": ["Corpus"]][name] ?? [])
}

let testTargets: [Target] = [
    tests("Architecture", []),
    tests("Hashing", ["Hashing"]),
    tests("Metrics", ["Metrics", "Support"]),
    tests("MetricsServer", ["MetricsServer", "Metrics", "Support"]),
    tests("JSON", ["JSON", "Hashing"]),
    tests("TurnEngine", ["TurnEngine", "SimulationKit", "Model", "Hashing", "Vectors", "Support", "JSON"]),
    tests("Vectors", ["Vectors", "CVectorKernels", "Hashing"]),
    tests("SimulationKit", [mustache, "SimulationKit", "Model", "Hashing", "Vectors", "Support"]),
    tests("RunConfiguration", ["RunConfiguration", "SimulationKit", "Model", "Support"]),
    tests(
        "Declarative",
        ["Declarative", "RunConfiguration", "TurnEngine", "SimulationKit", "Model", "Hashing", "Support"]),
    tests("OriginalImport", ["OriginalImport", "RunConfiguration", "Scenarios", "SimulationKit", "Support"]),
    tests("GroupDiscussion", ["GroupDiscussion", "RunConfiguration", "SimulationKit", "Model", "Support"]),
    tests(
        "Recommendation",
        [
            "Recommendation", "ScenarioTestKit", "TurnEngine", "SimulationKit", "RunConfiguration", "Model", "Hashing",
            "Vectors", "Support",
        ]),
    tests(
        "JobMarket",
        [
            "JobMarket", "ScenarioTestKit", "TurnEngine", "SimulationKit", "RunConfiguration", "Model", "Hashing",
            "Vectors", "Support",
        ]),
    tests("Emulator", ["EmulatorRole", "GPUEmulation", "JSON", "Hashing", "Support", nioCore, nioPosix]),
    tests("GPUEmulation", ["GPUEmulation", "Hashing", "Support"]),
    tests("Model", ["Model", "Hashing"]),
    tests("TrapLog", ["TrapLog", "Model", "Support"]),
    tests("Wire", ["Wire", "Model", "Hashing", "MessagePack"]),
    tests("MessagePack", ["MessagePack", "Hashing"]),
    tests("ClusterLogic", ["ClusterLogic", "Hashing", "Support"]),
    tests("GatewayLogic", ["GatewayLogic", "PlacementModel", "Hashing", "Support"]),
    tests("FuzzRegression", ["FuzzTargets"]),
    tests(
        "AgentHost",
        [
            "MetricsServer",
            "AgentHostRole", "ClusterLogic", "TurnEngine", "SimulationKit", "RunConfiguration", "ServiceRuntime",
            "Transport", "Wire", "Model", "Hashing", "Vectors", "Support",
            log, arguments,
        ]),
    tests("ServiceRuntime", ["ServiceRuntime", "Support", log]),
    tests(
        "CoordinatorRole",
        [
            "MetricsServer",
            "CoordinatorRole", "ServiceRuntime", "ClusterLogic", "Transport", "Wire", "Model", "Hashing", "Support",
            log,
            arguments,
        ]),
    tests("Merge", ["ClusterLogic", "Model", "Hashing"]),
    tests("Recording", ["Recording", "Model", "Hashing", "Vectors", "Support", grdb, sqlite]),
    tests(
        "Replay",
        [
            "Replay", "TurnEngine", "Recording", "RunConfiguration", "SimulationKit", "Model", "Hashing", "Vectors",
            "Support",
            grdb,
        ]),
    tests(
        "RecorderRole",
        [
            "MetricsServer", "RecorderRole", "Recording", "ServiceRuntime", "Transport", "Wire", "Model", "Hashing",
            "Support",
        ]),
    tests(
        "ClusterSimulation",
        [
            "CoordinatorRole", "AgentHostRole", "LLMGatewayRole", "RecorderRole", "Recording", "RunConfiguration",
            "SimulationKit", "ClusterLogic", "Transport", "Wire", "Model", "Hashing", "Curl",
            "ServiceRuntime", "Support", log, grdb,
        ]),
    tests("Process", ["ServiceRuntime", "Support", grdb]),
    tests("PythonClient", ["ServiceRuntime", "Support"]),
    tests("RealModel", ["ServiceRuntime", "Support", grdb]),
    tests("Support", ["Support"]),
    tests("Transport", ["Transport", "ZeroMQ", "MessagePack", "Support"]),
    tests("ZeroMQ", ["ZeroMQ", "Support"]),
    tests("Curl", ["Curl", "Support", "Hashing"]),
    tests(
        "EmbeddingGateway",
        ["MetricsServer", "EmbeddingGatewayRole", "Curl", "JSON", "Transport", "Wire", "Hashing", "Support", log]),
    tests(
        "LLMGateway",
        [
            "MetricsServer", "LLMGatewayRole", "GatewayLogic", "Curl", "JSON", "Transport", "Wire", "Model", "Hashing",
            "Support", log,
        ]),
]

let package = Package(
    name: "GenSim",
    products: [
        // For packages with scenarios of their own; Templates/scenario is one.
        .library(name: "SimulationKit", targets: ["SimulationKit"]),
        .library(name: "ScenarioProgram", targets: ["ScenarioProgram"]),
        // For the package in Fuzz/, which alone builds with a fuzzer's flags.
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
    ],
    targets: cTargets + libraries + services + benchmarks + testPrograms + testTargets,
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
