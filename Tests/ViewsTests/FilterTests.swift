// What a filter lets pass, and what a person is told when it does not parse.

import Ambient
import Testing

@testable import Views

@Suite struct FilterTests {
  static let now = WallTime(seconds: 1_000_000_000)
  static let vocabulary = FilterVocabulary(
    [
      FilterField("path", .text, "where it is"),
      FilterField("state", .words(["dirty", "clean"]), "what it is"),
      FilterField("size", .size, "how large it is"),
      FilterField("attempts", .number, "how often it was tried"),
      FilterField("age", .age, "how long it is so"),
      FilterField("retry", .age, "when it is tried"),
    ], searched: "path")

  /// One row: 3 MiB, dirty for a minute, tried twice, and never to be tried again.
  static func value(_ path: String) -> (Int) -> FilterValue {
    { field in
      switch field {
      case 0: .text(Array(path.utf8))
      case 1: .words(["dirty"])
      case 2: .number(3 << 20)
      case 3: .number(2)
      case 4: .time(now + .seconds(-60))
      default: .missing
      }
    }
  }

  @Test(
    arguments: [
      ("", true), ("   ", true), ("hero", true), ("Hero", false), ("arthp", true),
      ("phtra", false), ("art hero", true), ("art villain", false), ("!villain", true),
      ("!hero", false), ("villain or hero", true), ("villain or coward", false),
      ("hero size>1G or state:dirty", true), ("\"hero.psd\"", true), ("\"h.psd\"", false),
      ("!\"hero.psd\"", false), ("\"or\"", false), ("state:dirty", true), ("state:clean", false),
      ("!state:clean", true), ("state=dirty", true), ("size>3M", false), ("size>=3M", true),
      ("size<=3M", true), ("size<3145728", false), ("size:3M", true), ("size>1.5M", true),
      ("attempts=2", true), ("attempts>2", false), ("age<10m", true), ("age<60s", false),
      ("age>=1m", true), ("age>1d", false), ("retry<1y", false), ("!retry<1y", true),
      ("path:art/**", true), ("path:art/*", true), ("path:art", false), ("path:art/", true),
      ("path:*.psd", false), ("path:**.psd", true), ("path:**/hero.p?d", true),
      ("path:art/[a-h]*", true), ("path:art/[!a-h]*", false), ("path:\"art/hero.psd\"", true),
      ("/^art.*psd$/", true), ("/^hero/", false), ("!/^hero/", true), ("/HERO/", false),
      ("/her\\/o/", false), ("/t\\/h/", true),
    ])
  func `a row passes or not`(_ text: String, _ passes: Bool) throws {
    let filter = try Filter(parsing: text, Self.vocabulary)
    #expect(filter.matches(at: Self.now, Self.value("art/hero.psd")) == passes)
  }

  @Test(
    arguments: [
      ("or", 0, "stands between"), ("a or", 2, "nothing follows"), ("a or or b", 5, "between"),
      ("!", 0, "right before"), ("a !!b", 2, "right before"), ("! a", 0, "right before"),
      ("stat:dirty", 0, "no field 'stat'"), ("ok state:dity", 9, "never 'dity'"),
      ("state>dirty", 5, "takes ':'"), ("state:", 6, "wants a value"), ("size>big", 5, "no size"),
      ("size>", 5, "wants a value"), ("age<10", 4, "no time"), ("age<m", 4, "no time"),
      ("attempts>-1", 9, "no whole number"), ("path<a", 4, "takes ':'"),
      ("path:a[b", 5, "does not end"), ("\"art", 0, "quotes"), ("/art", 0, "second '/'"),
      ("x /a(b/", 4, "'('"), ("/a)/", 2, "')'"), ("/*a/", 1, "repeats nothing"),
      ("/a{300}/", 2, "more than"), ("/a**/", 1, "repeated already"), ("/[a/", 1, "'['"),
      ("/a/b", 3, "blank"), ("/(((a{255}){255}){255})/", 1, "too long"),
    ])
  func `a filter that does not parse says where and why`(
    _ text: String, _ position: Int, _ word: String
  ) {
    #expect {
      try Filter(parsing: text, Self.vocabulary)
    } throws: { error in
      let fault = error as? FilterError
      return fault?.position == position && fault?.description.contains(word) == true
    }
  }

  @Test(
    arguments: [
      ("path:art/**", "art/"), ("path:art/hero*", "art/hero"), ("art", ""), ("path:**x", ""),
      ("path:art/a* or path:art/b*", "art/"), ("path:art/a* or b", ""), ("!path:art/**", ""),
      ("size>1G path:code/**", "code/"), ("path:a/** path:a/b/**", "a/b/"),
    ])
  func `what every passing path begins with is known`(_ text: String, _ prefix: String) throws {
    let filter = try Filter(parsing: text, Self.vocabulary)
    #expect(filter.prefix(of: 0) == Array(prefix.utf8))
  }

  @Test(
    arguments: [
      ("a|b", "xbx", true), ("^(ab)+$", "ababab", true), ("^(ab)+$", "aba", false),
      ("^a{2,3}$", "aa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaaa", true),
      ("^a?b*c+$", "c", true), ("^a?b*c+$", "abbb", false), ("\\d\\D", "1a", true),
      ("^\\w+\\s\\w+$", "ab cd", true), ("[^/]+$", "a/", false), ("[]x]", "]", true),
      ("[a\\-z]", "-", true), ("[a-]", "-", true), ("", "anything", true), ("$^", "", true),
      ("$^", "a", false), ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaac", false), ("A", "a", false),
      ("(|a)b", "b", true), (".", "\u{e9}", true), ("^..$", "\u{e9}", true),
    ])
  func `an expression is found or not`(_ pattern: String, _ text: String, _ isFound: Bool) throws {
    let expression = try RegularExpression(Array(pattern.utf8))
    #expect(expression.isFound(in: Array(text.utf8)) == isFound)
  }

  @Test func `whatever is typed is answered or refused, and a filter says what it was`() {
    var random = SeededGenerator(seed: 4)
    let pieces = [
      "state:", "dirty", "size>", "1G", "age<", "10m", "or", "!", "/", "\"", "[", "a-z", "]", "(",
      ")", "*", "+", "{2,3}", "\\", " ", " ", "path:", "**", "é", "\u{301}", "^", "$", "|",
    ]
    var parsed = 0
    for _ in 0..<4_000 {
      let text = (0..<random.below(9)).map { _ in pieces[random.below(pieces.count)] }.joined()
      do throws(FilterError) {
        let filter = try Filter(parsing: text, Self.vocabulary)
        _ = filter.matches(at: Self.now, Self.value("art/hero.psd"))
        #expect(filter.text == text)
        parsed += 1
      } catch {
        #expect((0...text.count + 1).contains(error.position) && !error.description.isEmpty)
      }
    }
    #expect(parsed > 100, "only \(parsed) of them parsed")
  }
}
