// A strict S3 server: Ceph's radosgw with a monitor and a store in memory, all on the loopback. It
// takes many seconds to start, so it is started once, when a test first asks, and serves every suite
// of the process. A shell looks after its daemons: they die with the shell, and the shell ends, and
// clears up, when this process is gone, however it went.

import Ambient
import Glibc
import Loopback

/// Ceph's gateway.
package enum RadosGateway {
  /// Whether suites on it run.
  package static let isExpected = areExpected([
    "monmaptool", "ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin", "setpriv",
  ])

  /// The one gateway of this process; nil when it could not be started.
  package static let shared: S3Server? = start()

  private static let (accessKey, secretKey) = ("AKSTRICT", "SKstrict/with+every=sign")
  /// How long it may take on a machine that does much else.
  private static let startSecondsMax = 120

  private static func start() -> S3Server? {
    var template = Array("/tmp/larder-rados-XXXXXX".utf8CString)
    let isMade = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe mkdtemp(buffer.baseAddress!) != nil
    }
    guard isMade else { return nil }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let port = freePort()
    let words = [
      folder, "\(port)", "\(freePort())", "\(freePort())", "\(getpid())", accessKey, secretKey,
    ]
    let shell = Program(["bash", "-c", script, "rados"] + words, output: folder + "/starting")
    guard shell != nil else { return nil }
    for _ in 0..<startSecondsMax {
      if waitForListener(at: port, secondsMax: 1) {
        return S3Server(name: "radosgw", port: port, accessKey: accessKey, secretKey: secretKey)
      }
      // What it said lies beside this, in `starting`.
      if unsafe access(folder + "/failed", F_OK) == 0 { return nil }
    }
    return nil
  }

  private static let script = #"""
    set -e
    folder=$1 port=$2 messenger=$3 legacy=$4 watched=$5 access=$6 secret=$7
    cd "$folder"
    trap 'kill -9 $(jobs -p) 2>/dev/null; wait; [ -e ready ] && rm -rf "$folder" || touch failed' EXIT
    mkdir -p mon osd run log
    cluster=$(cat /proc/sys/kernel/random/uuid)
    device=$(cat /proc/sys/kernel/random/uuid)
    cat >ceph.conf <<CONF
    [global]
    fsid = $cluster
    mon host = [v2:127.0.0.1:$messenger,v1:127.0.0.1:$legacy]
    public addr = 127.0.0.1
    cluster addr = 127.0.0.1
    ms bind ipv6 = false
    auth cluster required = none
    auth service required = none
    auth client required = none
    mon data = $folder/mon
    osd data = $folder/osd
    run dir = $folder/run
    admin socket = $folder/run/\$name.asok
    log file = $folder/log/\$name.log
    mon allow pool size one = true
    mon data avail crit = 1
    osd pool default size = 1
    osd pool default min size = 1
    osd pool default pg num = 1
    osd pool default pgp num = 1
    osd crush chooseleaf type = 0
    osd objectstore = memstore
    memstore device bytes = 4294967296
    [client]
    keyring = /dev/null
    auth client required = none
    ms mon client mode = crc
    rgw frontends = beast endpoint=127.0.0.1:$port
    CONF
    sed -i 's/^ *//' ceph.conf
    conf="-c $folder/ceph.conf"
    daemon() { setpriv --pdeathsig KILL "$@" >>daemons 2>&1 & }
    monmaptool --create --fsid "$cluster" \
      --addv a "[v2:127.0.0.1:$messenger,v1:127.0.0.1:$legacy]" map
    ceph-mon $conf --mkfs -i a --monmap map
    daemon ceph-mon $conf -i a -f
    ceph $conf osd new "$device" 0
    ceph $conf osd crush add osd.0 1.0 host=here root=default
    ceph-osd $conf -i 0 --mkfs --osd-uuid "$device"
    daemon ceph-osd $conf -i 0 -f
    radosgw-admin $conf user create --uid=test --display-name=test \
      --access-key="$access" --secret-key="$secret"
    daemon radosgw $conf -n client.admin -f --no-mon-config
    touch ready
    tail --pid="$watched" -f /dev/null
    """#
}
