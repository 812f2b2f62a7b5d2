// Conversations with the console's model: keys and snapshots in, effects and pictures out.

import Ambient
import Bytes
import Console
import Operations
import Terminal
import Testing
import Views

@Suite struct ModelTests {
  private func text(_ model: ConsoleModel) -> String {
    model.surface().lines.joined(separator: "\n")
  }

  @Test func `no size is too small, and none too large`() {
    for snapshot in [nil, Sample.quiet, Sample.trouble] {
      for (columns, rows) in [
        (1, 1), (1, 40), (200, 1), (2, 2), (3, 3), (7, 4), (20, 5), (400, 120),
      ] {
        var model = Sample.model(snapshot, columns: columns, rows: rows)
        for key in ["?", "Esc", ":", "Esc", "a", "b", "Esc", "J", "Esc", "q", "Esc", "R"] {
          _ = model.press(key)
          #expect(model.surface().size == GridSize(rows: rows, columns: columns))
        }
      }
    }
  }

  @Test func `every screen says whether the engine may be stopped`() {
    for entry in ScreenEntry.all {
      var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
      _ = model.press(entry.id.digit)
      #expect(model.surface().lines[0].contains("12 files (1.20 GiB) not stored"))
      _ = model.handle(.snapshot(Sample.stored), at: Sample.moment)
      #expect(model.surface().lines[0].contains("safe to stop"))
    }
  }

  @Test func `a depot that is still to be looked through is not called safe`() {
    var model = Sample.model(Sample.stored, columns: 100, rows: 24)
    let unseen = "the depot is still to be looked through"
    _ = model.handle(.snapshot(Sample.stored, unseen: unseen), at: Sample.moment)
    #expect(model.surface().lines[0].contains("not known: \(unseen)"))
    #expect(model.press("q").isEmpty && text(model).contains("It is not known"))
    _ = model.handle(.snapshot(Sample.stored), at: Sample.moment)
    #expect(model.surface().lines[0].contains("safe to stop"))
  }

  @Test func `what is wrong with the person's own files is told first, and goes with Esc`() {
    var model = Sample.model(Sample.stored, columns: 80, rows: 24)
    _ = model.complain(["keys.json5: line 3: there is no command 'evict'"])
    #expect(text(model).contains("line 3: there is no command 'evict'"))
    _ = model.press("Esc")
    #expect(!text(model).contains("line 3"))
    #expect(model.complain([]).isEmpty)
  }

  @Test func `what is not known is never shown as 0`() {
    var snapshot = Sample.trouble
    snapshot.cache.diskFree = nil
    let lines = text(Sample.model(snapshot, columns: 120, rows: 40))
    #expect(lines.contains("disk free –") && lines.contains("drained in –"))
    #expect(text(Sample.model(nil, columns: 80, rows: 24)).contains("waiting for the engine"))
  }

  @Test func `one quiet line when nothing is wrong, else cause, age, evidence and key`() {
    #expect(text(Sample.model(Sample.quiet, columns: 120, rows: 40)).contains("Nothing is wrong."))
    var snapshot = Sample.quiet
    snapshot.backends[0].state = .down(
      Trouble(reason: "connect is refused", since: WallTime(seconds: Sample.now.seconds - 200)))
    let lines = text(Sample.model(snapshot, columns: 120, rows: 40))
    for words in [
      "1 thing is wrong", "Cold storage 'primary' is down", "connect is refused", "for 3m20s",
      "12 of 331004 attempts failed", "Probe it once it should be back.", "ab probe",
    ] {
      #expect(lines.contains(words), "\(words)")
    }
  }

  @Test func `Enter on a condition begins what helps against it`() {
    var model = Sample.model(Sample.trouble, columns: 120, rows: 40)
    _ = model.press("j")
    let effects = model.press("Enter")
    guard case .load(_, let operation, let input)? = effects.last else {
      Issue.record("nothing is planned: \(effects)")
      return
    }
    #expect(operation == "backend.probe")
    #expect(input == ["dryRun": true])
  }

  @Test func `leaving asks while something is not stored, and only then`() {
    var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
    #expect(model.press("q").isEmpty)
    #expect(text(model).contains("12 files, 1.20 GiB not stored yet."))
    #expect(model.press("Esc").isEmpty && !text(model).contains("not stored yet."))
    for (key, ending) in [("d", ConsoleEnding.drain), ("h", .headless), ("s", .stop)] {
      var asked = model
      _ = asked.press("q")
      guard case .end(let how)? = asked.press(key).first else {
        Issue.record("\(key) does not end it")
        continue
      }
      #expect(how == ending)
    }
    var done = Sample.model(Sample.stored, columns: 80, rows: 24)
    guard case .end(.stop)? = done.press("q").first else {
      Issue.record("it is asked though everything is stored")
      return
    }
  }

  @Test func `the question before leaving goes when everything is stored meanwhile`() {
    var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
    _ = model.press("q")
    _ = model.handle(.snapshot(Sample.stored), at: Sample.moment)
    #expect(!text(model).contains("not stored yet."))
    #expect(text(model).contains("everything is stored by now"))
  }

  @Test func `a lost terminal ends the screen and says so, a signal too`() {
    for (ending, expected) in [
      (TerminalEnding.closed, ConsoleEnding.hungUp), (.hungUp, .hungUp), (.terminated, .terminated),
      (.interrupted, .terminated),
    ] {
      var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
      guard case .end(let how)? = model.handle(.terminal(.ended(ending)), at: Sample.moment).first
      else {
        Issue.record("\(ending) does not end it")
        continue
      }
      #expect(how == expected)
      #expect(model.handle(.terminal(.ended(.closed)), at: Sample.moment).isEmpty)
    }
  }

  @Test func `read-only says so on top, and every action says what it lacks`() {
    var model = Sample.model(Sample.quiet, columns: 120, rows: 40, readOnly: true)
    #expect(text(model).contains("READ-ONLY"))
    #expect(model.press("E").isEmpty)
    #expect(model.surface().lines.last!.contains("evict: read-only; it needs cache.write"))
    _ = model.press("?")
    #expect(text(model).contains("(read-only; it needs cache.write)"))
    _ = model.press("Esc")
    _ = model.press("R")
    #expect(text(model).contains("cache.evict") && text(model).contains("refused: read-only"))
    var small = Sample.model(Sample.quiet, columns: 40, rows: 10, readOnly: true)
    #expect(small.surface().lines[0].contains("READ-ONLY"))
    _ = small.press("a")
    #expect(text(small).contains("evict"))
  }

  @Test func `a key that does nothing says so, and an unfinished sequence shows what may follow`() {
    var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
    #expect(model.press("x").isEmpty)
    #expect(model.surface().lines.last!.contains("x does nothing here; ? shows every key"))
    _ = model.press("a")
    #expect(text(model).contains("evict") && text(model).contains("Esc goes back"))
    _ = model.press("Esc")
    #expect(!text(model).contains("Esc goes back"))
    #expect(model.press("E").isEmpty)
    #expect(model.surface().lines.last!.contains("evict: there is no file under the cursor"))
  }

  @Test func `help lists every command that can be given here, from the one table`() {
    var model = Sample.model(Sample.quiet, columns: 120, rows: 200)
    _ = model.press("?")
    let lines = text(model)
    for command in CommandTable().commands where command.scope.includes(.overview) {
      #expect(lines.contains(command.summary), "\(command.name)")
    }
  }

  @Test func `the palette finds by letters, runs what was found, and has it first the next time`() {
    var model = Sample.model(Sample.quiet, columns: 100, rows: 40)
    _ = model.press(":")
    _ = model.type("hlp")
    #expect(text(model).contains("▶ help"))
    _ = model.press("Enter")
    #expect(text(model).contains("Keys"))
    _ = model.press("Esc", ":")
    #expect(text(model).contains("▶ help"))
    _ = model.type("zzzz")
    #expect(text(model).contains("no command has these letters"))
  }

  @Test func `a paste outside of a field does nothing`() {
    var model = Sample.model(Sample.quiet, columns: 80, rows: 24)
    let before = model.surface()
    #expect(model.handle(.terminal(.paste(Paste(Array("qqEd".utf8)))), at: Sample.moment).isEmpty)
    #expect(model.surface() == before)
  }
}
