// Runs every wall over the whole tree, and shows of each that it can fail.

import DurableFiles
import Testing

@Suite struct TidyTests {
  static let root = String(#filePath.dropLast("/Tests/TidyTests/TidyTests.swift".count))

  @Test(arguments: rules.indices)
  func `the tree keeps every wall`(_ index: Int) throws {
    let files = try Tree(root: Self.root).swiftFiles()
    #expect(files.count > 20, "the tree was not found")
    let broken = files.flatMap(rules[index].violations)
    #expect(
      broken.isEmpty, "\(rules[index].name):\n\(broken.map(\.description).joined(separator: "\n"))")
  }

  @Test(arguments: [
    ("a file begins with a head that says what lives in it", "import Bytes\n"),
    ("C modules stay behind their rooms", "// Head.\npackage import CSQLite\n"),
    ("nobody imports Foundation", "// Head.\nimport FoundationEssentials\n"),
    ("unsafe words stay in C rooms", "// Head.\nlet a = unsafe b\n"),
    (
      "an unchecked Sendable says in a sentence why it is true",
      "// Head.\n\n\nfinal class A: @unchecked Sendable {}\n"
    ),
    ("only the executable prints", "// Head.\nprint(1)\n"),
    ("nothing sleeps", "// Head.\nGlibc.sleep(1)\n"),
    ("no error is swallowed without a reason", "// Head.\n\n\nlet a = try? b()\n"),
    ("nothing is left to do", "// Head.\n// TODO: later\n"),
    ("a file stays readable in one sitting", "// Head.\n" + String(repeating: "\n", count: 800)),
  ])
  func `a planted violation is found`(_ name: String, _ text: String) throws {
    let rule = try #require(rules.first { $0.name == name })
    #expect(rule.violations(SourceFile(path: "Sources/Views/A.swift", text: text)).count == 1)
  }

  @Test func `a file-system call outside DurableFiles is found`() throws {
    let rule = try #require(rules.first { $0.name.hasPrefix("the file system") })
    let file = SourceFile(
      path: "Sources/Sockets/A.swift", text: "// Head.\n_ = Glibc.unlink(path)\n")
    #expect(rule.violations(file).count == 1)
  }

  @Test func `words in comments and literals break nothing`() {
    let text = "// Head.\nlet a = \"unsafe \\\" print(1)\" // print(unsafe)\nb.print(1)\n"
    let file = SourceFile(path: "Sources/Views/A.swift", text: text)
    #expect(rules.flatMap { $0.violations(file) }.isEmpty)
  }

  @Test func `nothing but the named entries stands at the top`() throws {
    let allowed: Set<String> = [
      "Package.swift", "Sources", "Tests", "themes", "docs", "README.md", "Package.resolved",
    ]
    // A program that a test started leaves its counts of coverage where it stood; git ignores them.
    let names = try Tree(root: Self.root).names(in: .root).filter {
      !$0.hasPrefix(".") && !$0.hasSuffix(".profraw")
    }
    #expect(Set(names).subtracting(allowed).isEmpty)
  }

  @Test func `every room has a page of its own, of at most a screen`() throws {
    let tree = try Tree(root: Self.root)
    for room in try tree.names(in: "Sources") {
      let page = try tree.text(at: FilePath("Sources/\(room)/README.md"))
      #expect(page.hasPrefix("# \(room)\n"), "\(room) has no page that begins with its name")
      #expect(page.split(separator: "\n", omittingEmptySubsequences: false).count <= 50)
    }
  }

  @Test func `the map lists rooms bottom-up and each imports only what stands above it`() throws {
    let map = try Tree(root: Self.root).text(at: "Package.swift")
    // The executable is declared in other words, above all suites.
    var seen: Set<String> = ["larder"]
    var declared = ""
    for line in map.split(separator: "\n") {
      let text = line.trimmed
      if declared.isEmpty {
        guard
          ["room(", "wall(", "suite(", "support(", "stage("].contains(where: { text.hasPrefix($0) })
        else { continue }
      }
      // A declaration may take several lines, and ends with the bracket that it began with.
      declared += text
      guard declared.count(where: { $0 == "(" }) == declared.count(where: { $0 == ")" }) else {
        continue
      }
      let rooms = declared.firstRange(of: "resources:").map { declared[..<$0.lowerBound] }
      let names = (rooms ?? declared[...]).split(separator: "\"").enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
      let isWall = declared.hasPrefix("wall(")
      for dependency in names.dropFirst() where !isWall {
        #expect(seen.contains(dependency), "\(names[0]) stands above \(dependency)")
      }
      seen.insert(names[0])
      declared = ""
    }
    #expect(seen.contains("CloudStorage"))
    #expect(seen.contains("Ambient"))
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
