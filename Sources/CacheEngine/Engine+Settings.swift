// A configuration that changes while the engine runs. Most settings are asked for when they are
// needed; the schedules, which are values and ask nobody, are told.

extension Engine {
  /// What the engine is told at the moment.
  public var settings: EngineSettings { inForce.now }

  /// Puts other settings in force, for every decision from now on. What needs a restart stays as it
  /// is, whatever is said of it here: the depot, the number of threads, the stores.
  public func apply(_ new: EngineSettings) {
    var settings = new
    let present = inForce.now
    settings.depot = present.depot
    settings.depot.fetchesUnknown = new.depot.fetchesUnknown
    settings.depot.deleteGrace = new.depot.deleteGrace
    settings.depot.shutdownGrace = new.depot.shutdownGrace
    settings.uploads.threads = present.uploads.threads
    settings.restores.threads = present.restores.threads
    inForce.replace(with: settings)
    uploads.send(
      .limited(batchMax: settings.uploads.batchSize, concurrencyMax: settings.uploads.claimsMax))
    evictions.nudge()
  }
}
