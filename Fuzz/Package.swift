// swift-tools-version: 6.2
import PackageDescription

// The fuzzer, in a package of its own so that the main package has no unsafe flags. It has none either: `Scripts/fuzz`
// gives the flags that instrument the readers, and the place of libFuzzer in the toolchain.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "GenSim", path: "..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "gensim-fuzz",
            dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "GenSim")],
            linkerSettings: [.linkedLibrary("stdc++"), .linkedLibrary("m")]),
    ],
    swiftLanguageModes: [.v6]
)
