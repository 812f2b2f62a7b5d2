// A secret stays one, however it is turned into text.

import Ambient
import Testing

@Suite struct RedactedTests {
  private struct Login {
    var user = "perforce"
    var password = Redacted("hunter2")
  }

  @Test func `no way to text gives a secret away`() {
    let login = Login()
    var dumped = ""
    dump(login, to: &dumped)
    let texts = [
      "\(login.password)", "\(login)", String(describing: login), String(reflecting: login),
      String(reflecting: login.password), "\([login.password])",
      String(describing: Optional(login.password)),
      "\(["key": login.password])", dumped, "\(LogField("password", login.password))",
    ]
    for text in texts {
      #expect(!text.contains("hunter2"), "\(text)")
    }
    #expect("\(login.password)" == "‹redacted›")
    #expect("\(login)".contains("perforce"))
  }

  @Test func `who needs it gets it, in whatever form`() {
    let secret = Redacted("hunter2")
    #expect(secret.reveal() == "hunter2")
    #expect(secret.map { Array($0.utf8) }.reveal() == Array("hunter2".utf8))
    #expect(secret == Redacted("hunter2"))
    #expect(secret != Redacted("hunter3"))
    #expect(LogField("password", secret).value == .redacted)
  }
}
