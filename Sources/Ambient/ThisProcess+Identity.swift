// As whom the process works: its user and its groups, with the names that the system has for them. Names
// are for people, and for grants that a configuration gives to a group by name; an id without a name
// is nothing wrong.

import Glibc

extension ThisProcess {
  /// The name of the user that it works as; nil when the system has none.
  package static var userName: String? {
    unsafe withRoom { bytes in
      var (entry, found) = unsafe (passwd(), nil as UnsafeMutablePointer<passwd>?)
      let outcome = unsafe getpwuid_r(
        geteuid(), &entry, bytes.baseAddress!, bytes.count, &found)
      guard outcome == 0, unsafe found != nil, let name = unsafe entry.pw_name else {
        return (outcome, nil)
      }
      return (outcome, unsafe String(validatingCString: name))
    }
  }

  /// The groups that it works in, the primary one first.
  package static var groups: [(id: UInt32, name: String?)] {
    var ids = [gid_t](repeating: 0, count: Int(groupsMax))
    let count = unsafe getgroups(groupsMax, &ids)
    var all = [getegid()]
    for id in ids.prefix(max(0, Int(count))) where !all.contains(id) { all.append(id) }
    return all.map { ($0, groupName($0)) }
  }

  /// The most groups that are asked for.
  private static let groupsMax: Int32 = 1_024
  /// The most bytes of a group's entry, whose members are listed in it.
  private static let entryBytesMax = 1 << 20

  private static func groupName(_ id: gid_t) -> String? {
    unsafe withRoom { bytes in
      var (entry, found) = unsafe (group(), nil as UnsafeMutablePointer<group>?)
      let outcome = unsafe getgrgid_r(id, &entry, bytes.baseAddress!, bytes.count, &found)
      guard outcome == 0, unsafe found != nil, let name = unsafe entry.gr_name else {
        return (outcome, nil)
      }
      return (outcome, unsafe String(validatingCString: name))
    }
  }

  /// Looks an entry up, with more memory as long as there is too little; nil when there is none.
  private static func withRoom(
    _ lookUp: (UnsafeMutableBufferPointer<CChar>) -> (outcome: Int32, name: String?)
  ) -> String? {
    var count = 4_096
    while count <= entryBytesMax {
      let bytes = UnsafeMutableBufferPointer<CChar>.allocate(capacity: count)
      defer { unsafe bytes.deallocate() }
      let (outcome, name) = unsafe lookUp(bytes)
      guard outcome == ERANGE else { return name }
      count *= 4
    }
    return nil
  }
}
