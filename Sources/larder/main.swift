// The way in. `main` inherits the main actor, so it does nothing but call one nonisolated function.

import Ambient
import Flags

ThisProcess.exit(runLarder().rawValue)
