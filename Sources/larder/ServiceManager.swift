// What a service manager is told of a process that it has started: that it serves, that it reads its
// configuration again, that it ends. See sd_notify(3): one datagram to the socket that the variable
// NOTIFY_SOCKET names; without the variable nobody is told.

import Ambient
import Sockets

/// Who started the process, if that is somebody who wants to be told.
struct ServiceManager: Sendable {
  /// What is told.
  enum News: Sendable {
    case isReady(doing: String)
    case isReloading
    case isStopping
  }

  private let socket: [UInt8]
  private let log: Log
  private let clock: MonotonicClock

  /// How long the manager may take to have room for a message.
  private static let patience = Duration.seconds(1)

  /// The manager that the environment names; nil when there is none.
  init?(clock: MonotonicClock, log: Log) {
    guard let socket = ThisProcess.variable("NOTIFY_SOCKET"), !socket.isEmpty else { return nil }
    self.socket = socket
    self.clock = clock
    self.log = log
  }

  /// Tells; a manager that cannot be told costs a line of the log and nothing else.
  func tell(_ news: News) {
    do throws(SocketsError) {
      let soon = Deadline.after(Self.patience)
      try DatagramSender(unix: socket, soon).send(Array(message(news).utf8), soon)
    } catch {
      log.write(
        .warning, "the service manager was not told", [LogField("why", "\(error)")])
    }
  }

  private func message(_ news: News) -> String {
    switch news {
    case .isReady(let doing): "READY=1\nMAINPID=\(ThisProcess.id)\nSTATUS=\(doing)\n"
    // A manager takes a reload for its own by the time at which it began.
    case .isReloading: "RELOADING=1\nMONOTONIC_USEC=\(clock.now().nanoseconds / 1_000)\n"
    case .isStopping: "STOPPING=1\nSTATUS=transfers under way go on for a while\n"
    }
  }
}
