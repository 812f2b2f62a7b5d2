// Options for tests with fences, which must not be cancelled because the machine is slow.

import Ambient
import EventStore

extension StoreOptions {
  /// A store whose time stands still, so that nothing in it is ever due.
  static var still: StoreOptions {
    var options = StoreOptions()
    options.monotonicClock = ManualClock().monotonic
    options.maintenance = .inline
    return options
  }
}
