// A command line that was understood: which command, and what was given to it. Everything in it was
// checked when it was parsed, so asking for a value cannot fail.

/// What was given to a command.
package struct Invocation: Sendable {
  /// The words that lead to the command: `["larder", "events", "append"]`.
  package let path: [String]
  let given: [String: [Given]]

  /// What a flag says, its default included.
  package subscript<Value>(flag: Flag<Value>) -> Value {
    resolved(flag.declaration, flag.resolve)
  }

  /// What an argument says.
  package subscript<Value>(argument: Argument<Value>) -> Value {
    resolved(argument.declaration, argument.resolve)
  }

  /// Whether a parameter stands on the command line.
  package func gives(_ parameter: any Parameter) -> Bool {
    given[parameter.declaration.title]?.isEmpty == false
  }

  /// What stands on the command line for the title, as it was typed.
  func given(_ title: String) -> [Given] {
    given[title] ?? []
  }

  private func resolved<Value>(
    _ declaration: ParameterDeclaration,
    _ resolve: ([Given]) throws(UsageFault) -> Value
  ) -> Value {
    guard let given = given[declaration.title] else {
      preconditionFailure("\(path.joined(separator: " ")) does not take \(declaration.title)")
    }
    do throws(UsageFault) {
      return try resolve(given)
    } catch {
      preconditionFailure("\(declaration.title) was checked before: \(error)")
    }
  }
}
