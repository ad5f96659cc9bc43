// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "town",
    dependencies: [
        // GenSim's checkout. Write its path, or .package(url: ..., branch: "main").
        .package(name: "GenSim", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "town",
            dependencies: [
                .product(name: "SimulationKit", package: "GenSim"),
                .product(name: "ScenarioProgram", package: "GenSim"),
            ],
            path: "Sources/Town")
    ]
)
