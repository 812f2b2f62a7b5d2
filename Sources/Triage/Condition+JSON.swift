// A condition as a row of JSON.

package import Bytes

extension Condition {
  /// The condition as a JSON value.
  package var json: JSONValue {
    [
      "rule": .string(rule), "severity": .string("\(severity)"),
      "title": .string(diagnosis.title), "about": .string(diagnosis.subject),
      "cause": .string(diagnosis.cause),
      "evidence": .array(diagnosis.evidence.map { .string($0) }), "since": .string("\(since)"),
      "remedy": [
        "command": .string(diagnosis.remedy.command),
        "advice": .string(diagnosis.remedy.advice),
      ],
    ]
  }
}
