// Every bound of the gate that is not the property of a single type. docs/limits.md lists them.

internal import Ambient

/// The room's named maxima.
package enum OperationsLimits {
  /// The longest a name is: of an operation, a control, a projection or a kind of job.
  package static let nameBytesMax = 128
  /// The longest a title is, in bytes.
  package static let titleBytesMax = 120
  /// The most operations of one registry, and the most controls, projections and kinds of jobs.
  package static let operationsMax = 512
  /// The most guards of one operation.
  package static let guardsMax = 16
  /// How deep a value is nested for which a schema takes anything.
  package static let anythingDepthMax = 32
  /// How deep schemas are nested.
  package static let schemaDepthMax = 16
  /// The most fields of one object in a schema.
  package static let schemaFieldsMax = 64
  /// The most bytes of an input, in its canonical spelling.
  package static let inputBytesMax = 1 << 20
  /// The most bytes of an acting operation's output, in its canonical spelling.
  package static let outputBytesMax = 1 << 20
  /// The most calls that are under way at once.
  package static let callsMax = 1_024
  /// The most events that one call stages, its receipt not counted.
  package static let stagedEventsMax = 4_000
  /// The most payload bytes that one call stages; the rest of a batch is for its receipt.
  package static let stagedBytesMax = 12 << 20
  /// The most controls that one call uses.
  package static let controlsMax = 64
  /// The most refusals that a dispatcher without an engine remembers.
  package static let refusalsMax = 256
  /// The most of a reason that is recorded, in bytes.
  package static let reasonBytesMax = 1_024
  /// The most operators of a configuration, and groups of a caller.
  package static let operatorsMax = 1_024
  /// The most rows of a page that an operation here gives.
  package static let pageRowsMax = 1_000

  // Plans

  /// The most items of a plan, those that it refuses included.
  package static let planItemsMax = 4_194_304
  /// The most bytes of a plan's items.
  package static let planBytesMax = 512 << 20
  /// The longest an item's identity is, in bytes; a path in a depot is shorter.
  package static let identityBytesMax = 4_096
  /// The most bytes and items of one chunk of a plan.
  package static let chunkBytesMax = 256 << 10
  package static let chunkItemsMax = 4_096
  /// The most plans that wait to be committed, and their bytes; the oldest is forgotten first.
  package static let plansMax = 16
  package static let plansBytesMax = 1 << 30

  // Jobs

  /// The most jobs that are not closed.
  package static let jobsMax = 256
  /// The most closed jobs that are remembered; the log has them all.
  package static let historyMax = 1_000
  /// The most threads that work on jobs.
  package static let workersMax = 64
  /// A record of progress is written for so many items, or after this time, whichever comes first: often
  /// enough that who watches sees it move, and that a kill costs a moment's work and no more.
  package static let recordItemsMax = 1_024
  package static let recordInterval = Duration.milliseconds(200)
  /// The most outcomes that wait to be recorded before a job's next item waits too.
  package static let unrecordedMax = 4_096
  /// The most distinct reasons of one record of progress.
  package static let reasonsMax = 8_192
}
