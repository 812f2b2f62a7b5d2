// The engine's doors as the socket of the depot's server has them: its refusals become codes.

internal import ColdStorage
internal import DurableFiles

extension Engine {
  /// The doors for a `ShimServer`; `admits` says which users may ask.
  package func shimDoors(
    admits: @escaping @Sendable (_ user: UInt32) -> Bool
  ) -> ShimDoors {
    ShimDoors(
      admits: admits,
      fetch: { [self] path, fetched in
        fetch(path) { result in fetched(result.mapError { ShimRefusal($0) }) }
      },
      status: { [self] (path) throws(ShimRefusal) in
        do throws(EngineError) {
          let standing = try status(path)
          return ShimStatus(
            size: standing.size, mode: Self.regular | UInt32(standing.mode),
            modifiedNanoseconds: standing.modifiedNanoseconds, state: standing.state,
            isHot: standing.isHot)
        } catch {
          throw ShimRefusal(error)
        }
      },
      delete: { [self] (path) throws(ShimRefusal) in
        do throws(EngineError) {
          try delete(path)
        } catch {
          throw ShimRefusal(error)
        }
      })
  }

  /// The type of a regular file, as st_mode has it.
  private static let regular: UInt32 = 0o100000
}

extension ShimRefusal {
  /// What the depot's server is told of a refusal.
  init(_ error: EngineError) {
    let code: Code =
      switch error {
      case .notFound: .notFound
      case .shredded: .shredded
      case .integrity: .integrity
      case .backend(_, let error) where error.kind == .integrity: .integrity
      case .backend: .backend
      case .diskFull: .diskFull
      case .denied: .denied
      case .busy, .stopping, .changed: .busy
      case .held, .disk, .journal, .manifest: .internal
      }
    self.init(code, "\(error)")
  }
}
