// The configuration file that a person names, read whole and checked.

import Ambient
import Bytes
import DurableFiles
import Flags

/// Reads a configuration; a mistake in it ends the command with the place of the first.
func readConfiguration(
  _ path: [UInt8], _ settings: Settings, _ invocation: Invocation
) throws(Failure) -> Configuration {
  let document = try readDocument(path)
  do throws(ConfigurationError) {
    return try settings.configuration(
      parsing: document, variable: ThisProcess.variable, flags: invocation)
  } catch {
    throw .ended(.misused, "\(escaped(path)): \(error)")
  }
}

/// Reads a configuration's bytes.
func readDocument(_ path: [UInt8]) throws(Failure) -> [UInt8] {
  do throws(DiskError) {
    var file = try UserFile(bytes: path)
    return try file.readAll(bytesMax: configurationBytesMax)
  } catch {
    throw .ended(.misused, "the configuration cannot be read: \(error)")
  }
}
