// What can go wrong between two processes, named by what happened to whom: a path, an address, or
// the name that a stream was given.

import Bytes
import Glibc

/// A refusal or failure of a socket.
package enum SocketsError: Error, Equatable, Sendable {
  /// Somebody listens there already, or is about to.
  case inUse(String)
  /// Something else stands where the socket would.
  case notASocket(String)
  case absent(String)
  case denied(String)
  /// The name in its directory is too long for the kernel.
  case pathTooLong(String)
  /// The text is not a numeric address and a port, or not one of this machine.
  case badAddress(String)
  /// Nobody listens there.
  case refused(String)
  case unreachable(String)
  /// The deadline passed first.
  case timedOut(String)
  /// The stop switch was thrown.
  case stopped(String)
  /// The other end has left.
  case gone(String)
  /// The other end left in the middle of what it was sending.
  case endsEarly(String)
  /// What the other end sends is longer than anybody may send.
  case overlong(String, bytesMax: Int)
  case tooManyOpenFiles(String)
  /// Any other refusal of the kernel's, by its number.
  case system(String, errno: Int32)
}

extension SocketsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse(let name): "\(name) is in use by another process; stop that one first"
    case .notASocket(let name): "\(name) is not a socket; remove it or choose another path"
    case .absent(let name): "\(name) does not exist"
    case .denied(let name): "permission to use \(name) is denied"
    case .pathTooLong(let name): "\(name) is too long for the name of a socket"
    case .badAddress(let name):
      "\(name) is not a numeric address of this machine with a port, such as 127.0.0.1:9464"
    case .refused(let name): "nobody listens on \(name)"
    case .unreachable(let name): "\(name) cannot be reached"
    case .timedOut(let name): "\(name) did not answer in time"
    case .stopped(let name): "\(name) was given up because the program is stopping"
    case .gone(let name): "\(name) has left"
    case .endsEarly(let name): "\(name) left in the middle of a message"
    case .overlong(let name, let bytesMax):
      "\(name) sent a message of more than \(bytesMax) bytes"
    case .tooManyOpenFiles(let name):
      "\(name) cannot be opened: too many files are open (raise the limit with ulimit -n)"
    case .system(let name, let errno): "\(name): system error \(errno)"
    }
  }
}

extension SocketsError {
  /// What the kernel's refusal means for the name.
  init(errno: Int32, _ name: String) {
    self =
      switch errno {
      case EADDRINUSE: .inUse(name)
      case ENOENT, ENOTDIR: .absent(name)
      case EACCES, EPERM, EROFS: .denied(name)
      case ENAMETOOLONG: .pathTooLong(name)
      case EADDRNOTAVAIL, EINVAL, EAFNOSUPPORT: .badAddress(name)
      case ECONNREFUSED: .refused(name)
      case EHOSTUNREACH, ENETUNREACH: .unreachable(name)
      case ETIMEDOUT: .timedOut(name)
      case EPIPE, ECONNRESET, ENOTCONN: .gone(name)
      case EMFILE, ENFILE: .tooManyOpenFiles(name)
      case EPROTOTYPE: .notASocket(name)
      default: .system(name, errno: errno)
      }
  }
}
