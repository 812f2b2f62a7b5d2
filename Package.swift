// swift-tools-version: 6.2
// The map of the house: every room, bottom-up. A room imports only rooms above it in this list,
// and only those it names. `room` gives each the same strict settings; its `exclude` makes a
// missing README an error. `wall` is a C library behind its door, `suite` the tests of a
// room, `support` what several suites share.

import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

func room(_ name: String, _ imports: [String]) -> Target {
  .target(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) },
    exclude: ["README.md"], swiftSettings: strict)
}

func wall(_ name: String, links library: String? = nil, flags: [String] = []) -> Target {
  .target(
    name: name, exclude: ["README.md"],
    cSettings: flags.isEmpty ? [] : [.unsafeFlags(flags)],
    linkerSettings: library.map { [.linkedLibrary($0)] } ?? [])
}

/// A library that other people's programs preload: our C, with nothing behind it but libc. Whatever is
/// linked as Swift brings its runtime along, unless it is said to be of the embedded kind.
func preload(_ name: String) -> Target {
  .target(
    name: name, exclude: ["README.md"], publicHeadersPath: ".",
    cSettings: [.unsafeFlags(["-std=gnu17", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra"])],
    linkerSettings: [
      .unsafeFlags([
        "-enable-experimental-feature", "Embedded", "-Xlinker", "-z", "-Xlinker", "now",
      ])
    ])
}

func suite(_ name: String, _ imports: [String], resources: [Resource] = []) -> Target {
  .testTarget(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) },
    resources: resources, swiftSettings: strict)
}

func support(_ name: String, _ imports: [String] = []) -> Target {
  .target(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) }, path: "Tests/\(name)",
    exclude: ["README.md"], swiftSettings: strict)
}

/// A program that a suite starts, because what it shows only happens to whole processes.
func stage(_ name: String, _ imports: [String]) -> Target {
  .executableTarget(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) }, path: "Tests/\(name)",
    exclude: ["README.md"], swiftSettings: strict)
}

/// libFuzzer brings its own `main` and wants everything instrumented, so what it runs is built only
/// when `.ci/fuzz` asks.
let fuzzing: [Target] =
  Context.environment["LARDER_FUZZING"] == nil
  ? []
  : [
    .executableTarget(
      name: "EventStoreFuzz",
      dependencies: [
        "CacheEngine", "ColdStorage", "EventStore", "DiskSimulation", "DurableFiles", "Digests",
        "Bytes", "Ambient",
      ],
      path: "Tests/Fuzzing", exclude: ["README.md"],
      swiftSettings: strict + [
        .unsafeFlags(["-parse-as-library"])
      ])
  ]

let house: [Target] =
  [
    // 0: walls, and the ground
    wall("CLinux"),
    wall("CSQLite", links: "sqlite3"),
    wall("CCurl", links: "curl"),
    wall("CPostgres", links: "pq"),
    wall("CTerminal", links: "ncursesw"),
    wall("CBlake3", flags: ["-O3"]),
    wall("CCrc32c", flags: ["-O3"]),
    wall("COpenSSL", links: "crypto"),
    wall("CSodium", links: "sodium"),
    wall("CRocksDB"),
    room("Ambient", ["CLinux"]),
    room("Bytes", []),

    // 1
    room("Digests", ["CBlake3", "CCrc32c", "COpenSSL", "CSodium", "Ambient", "Bytes"]),
    room("SQLite", ["CSQLite", "Ambient", "Bytes"]),
    room("RocksDB", ["CRocksDB"]),
    room("HTTP", ["CCurl", "Ambient"]),
    room("Retry", ["Ambient"]),
    room("Sockets", ["CLinux", "Ambient", "Bytes"]),
    room("DurableFiles", ["CLinux", "Ambient", "Bytes"]),
    room("Views", ["Bytes", "Ambient"]),
    room("Telemetry", ["DurableFiles", "Bytes", "Ambient"]),
    room("Terminal", ["CTerminal", "Bytes", "Ambient"]),

    // 2
    room("EventStore", ["DurableFiles", "Digests", "Bytes", "Ambient"]),
    room("DiskSimulation", ["DurableFiles", "Ambient"]),
    room("Widgets", ["Terminal", "Ambient"]),
    room("Flags", ["Ambient", "Bytes"]),
    room("Triage", ["Views", "Bytes", "Ambient"]),
    room("ColdStorage", ["DurableFiles", "Digests", "Telemetry", "Retry", "Bytes", "Ambient"]),

    // 3
    room("Operations", ["EventStore", "Digests", "Bytes", "Ambient"]),
    room(
      "CloudStorage",
      [
        "ColdStorage", "HTTP", "Digests", "DurableFiles", "Telemetry", "Retry", "Bytes", "Ambient",
      ]),
    room(
      "Manifest",
      ["EventStore", "SQLite", "DurableFiles", "Digests", "Views", "Bytes", "Ambient"]),

    // 4
    room(
      "CacheEngine",
      [
        "Manifest", "Operations", "EventStore", "ColdStorage", "Triage", "Views", "Sockets",
        "DurableFiles", "Digests", "Telemetry", "Retry", "Flags", "Bytes", "Ambient",
      ]),

    // 5
    room("Console", ["Widgets", "Terminal", "Views", "Triage", "Operations", "Bytes", "Ambient"]),
    room(
      "Demo",
      [
        "CacheEngine", "Manifest", "Operations", "ColdStorage", "Views", "Sockets", "DurableFiles",
        "Digests", "Telemetry", "Retry", "Bytes", "Ambient",
      ]),
    room(
      "Rehearsal",
      [
        "CacheEngine", "Manifest", "ColdStorage", "DiskSimulation", "EventStore", "DurableFiles",
        "Digests", "Telemetry", "Retry", "Ambient", "Bytes",
      ]),
    room(
      "Bench",
      [
        "CacheEngine", "Manifest", "Operations", "EventStore", "RocksDB", "SQLite", "CloudStorage",
        "ColdStorage", "HTTP", "Sockets", "Views", "Retry", "Terminal", "Telemetry", "Digests",
        "DurableFiles", "Ambient", "Bytes",
      ]),

    // 6: the face
    .executableTarget(
      name: "larder",
      dependencies: [
        "Bench", "Demo", "Rehearsal", "CacheEngine", "Manifest", "Operations", "EventStore",
        "CloudStorage", "ColdStorage", "Sockets", "Triage", "Views", "Ambient", "Bytes", "Digests",
        "DurableFiles", "Flags",
        "HTTP",
        "Telemetry", "Retry",
        "Console", "Widgets", "Terminal",
      ],
      exclude: ["README.md"], swiftSettings: strict),

    preload("ShimPreload"),

    // tests
    support("ChildProcesses"),
    .executableTarget(name: "ShimProbe", path: "Tests/ShimProbe", exclude: ["README.md"]),
    support("ScratchFiles", ["DurableFiles", "Ambient", "Bytes"]),
    support("Loopback", ["Ambient"]),
    support("S3Servers", ["Loopback", "Ambient"]),
    support("StorageContract", ["ColdStorage", "DurableFiles", "Digests", "Ambient"]),
    support("TerminalEmulator", ["Terminal"]),
    suite("WallsTests", ["CSQLite", "CCurl", "CPostgres", "CTerminal"]),
    suite("AmbientTests", ["Ambient"]),
    suite(
      "DigestsTests", ["Digests", "Ambient", "Bytes", "ScratchFiles"],
      resources: [.embedInCode("Vectors")]),
    suite("SQLiteTests", ["SQLite", "Ambient"]),
    suite("RocksDBTests", ["RocksDB", "ScratchFiles", "DurableFiles"]),
    suite("HTTPTests", ["HTTP", "Loopback", "Ambient"]),
    suite("RetryTests", ["Retry", "Ambient"]),
    suite("TelemetryTests", ["Telemetry", "DiskSimulation", "DurableFiles", "Bytes", "Ambient"]),
    suite(
      "FlagsTests", ["Flags", "Ambient", "Bytes", "ChildProcesses"],
      resources: [.embedInCode("Golden")]),
    suite(
      "LarderTests",
      [
        "larder", "Console", "Operations", "EventStore", "Digests", "DurableFiles", "Flags",
        "Sockets", "Ambient", "Bytes",
        "ChildProcesses", "Loopback", "S3Servers", "ScratchFiles",
      ]),
    suite("BenchTests", ["Bench", "Ambient", "Bytes"]),
    suite("SocketsTests", ["Sockets", "ScratchFiles", "Ambient"]),
    suite("BytesTests", ["Bytes", "Ambient"], resources: [.embedInCode("Vectors")]),
    suite(
      "DurableFilesTests", ["DurableFiles", "DiskSimulation", "ScratchFiles", "Ambient"]),
    suite("DiskSimulationTests", ["DiskSimulation", "DurableFiles", "Ambient"]),
    suite(
      "EventStoreTests",
      [
        "EventStore", "DiskSimulation", "ScratchFiles", "DurableFiles", "Digests", "Bytes",
        "Ambient",
      ]),
    suite(
      "ManifestTests",
      [
        "Manifest", "EventStore", "SQLite", "Views", "DiskSimulation", "ScratchFiles",
        "DurableFiles",
        "Digests", "Bytes", "Ambient",
      ]),
    suite("TriageTests", ["Triage", "Views", "Ambient"]),
    suite("ViewsTests", ["Views", "Bytes", "Ambient"]),
    suite(
      "OperationsTests",
      [
        "Operations", "EventStore", "DiskSimulation", "ScratchFiles", "DurableFiles", "Digests",
        "Bytes", "Ambient",
      ]),
    suite(
      "DemoTests",
      [
        "Demo", "Console", "Widgets", "Terminal", "CacheEngine", "Manifest", "Operations",
        "Triage", "Views", "ScratchFiles", "DurableFiles", "Bytes", "Ambient",
      ]),
    suite("RehearsalTests", ["Rehearsal", "ColdStorage", "DiskSimulation", "Ambient"]),
    suite(
      "CloudStorageTests",
      [
        "CloudStorage", "ColdStorage", "HTTP", "Digests", "Retry", "Telemetry", "Bytes", "Ambient",
        "Loopback", "S3Servers", "StorageContract", "ScratchFiles", "DurableFiles",
      ],
      resources: [.embedInCode("Vectors")]),
    suite(
      "ColdStorageTests",
      [
        "ColdStorage", "StorageContract", "DiskSimulation", "ScratchFiles", "DurableFiles",
        "Digests", "Telemetry", "Retry", "Bytes", "Ambient",
      ]),
    suite(
      "CacheEngineTests",
      [
        "CacheEngine", "Manifest", "Operations", "EventStore", "ColdStorage", "Triage", "Views",
        "Sockets", "DiskSimulation", "ScratchFiles", "DurableFiles", "Digests", "Telemetry",
        "Retry", "Flags", "Bytes", "Ambient",
      ]),
    suite(
      "ShimPreloadTests",
      [
        "CacheEngine", "Sockets", "ScratchFiles", "ChildProcesses", "DurableFiles", "Telemetry",
        "Bytes", "Ambient",
      ]),
    stage("TerminalStage", ["Terminal", "Ambient"]),
    suite(
      "TerminalTests", ["Terminal", "CTerminal", "TerminalEmulator", "TerminalStage", "Ambient"]),
    suite("WidgetsTests", ["Widgets", "Terminal", "Ambient"]),
    suite(
      "ConsoleTests",
      [
        "Console", "Widgets", "Terminal", "TerminalEmulator", "Views", "Triage", "Operations",
        "DurableFiles", "Bytes", "Ambient",
      ], resources: [.embedInCode("Golden")]),
    suite(
      "MatrixTests",
      [
        "larder", "Terminal", "TerminalEmulator", "ChildProcesses", "ScratchFiles", "DurableFiles",
        "Ambient",
      ]),
    suite("TidyTests", ["DurableFiles"]),
  ] + fuzzing

/// The targets of the house that are named, and all they stand on.
func standing(_ names: [String], in house: [Target]) -> [Target] {
  var wanted = Set(names)
  // What the suite has other programs load, and would be loaded itself if it stood on it.
  if wanted.contains("ShimPreloadTests") { wanted.formUnion(["ShimPreload", "ShimProbe"]) }
  // A room stands below whoever names it, but what tests share stands among them: hence twice.
  for _ in 0..<2 {
    for target in house.reversed() where wanted.contains(target.name) {
      for case .byNameItem(let name, _) in target.dependencies { wanted.insert(name) }
    }
  }
  return house.filter { wanted.contains($0.name) }
}

/// `LARDER_ROOMS="SocketsTests" swift test` builds and tests those rooms alone, for the inner loop.
let targets =
  Context.environment["LARDER_ROOMS"].map { rooms in
    standing(rooms.split(separator: " ").map(String.init), in: house)
  } ?? house

let products: [Product] = [
  .library(name: "EventStore", targets: ["EventStore"]),
  .library(name: "CacheEngine", targets: ["CacheEngine"]),
  .executable(name: "larder", targets: ["larder"]),
  .library(name: "p4shim", type: .dynamic, targets: ["ShimPreload"]),
]

/// The products whose targets are all there.
let kept = products.filter { product in
  let parts =
    (product as? Product.Library)?.targets ?? (product as? Product.Executable)?.targets ?? []
  return parts.allSatisfy { part in targets.contains { $0.name == part } }
}

let package = Package(
  name: "larder",
  products: kept,
  targets: targets
)
