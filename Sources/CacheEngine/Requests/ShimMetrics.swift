// What is counted of the depot's server's requests, under the names that existing dashboards know.

package import Telemetry

/// The metrics of the shim's socket.
package struct ShimMetrics: Sendable {
  private let answered: Counter
  private let refused: [ShimRefusal.Code: Counter]
  let rejectedPeers: Counter
  let legacyRequests: Counter
  let durations: Histogram

  /// Registers them.
  package init(_ registry: MetricRegistry) throws(TelemetryError) {
    let requests = try registry.counters(
      "p4cache_shim_requests_total", "Requests of the depot's server, by what became of them.",
      labels: ["result"])
    answered = requests["ok"]
    refused = Dictionary(
      uniqueKeysWithValues: ShimRefusal.Code.allCases.map { ($0, requests[$0.rawValue]) })
    rejectedPeers = try registry.counter(
      "p4cache_shim_rejected_peer_total", "Connections of users that may not ask.")
    legacyRequests = try registry.counter(
      "p4cache_shim_legacy_unprefixed_total", "Requests without the protocol's name in front.")
    durations = try registry.histogram(
      "p4cache_shim_request_duration_seconds", "From a whole request to its answer.")
  }

  /// Counts an answer.
  func count(_ answer: ShimAnswer) {
    guard case .refused(let refusal) = answer else { return answered.add() }
    refused[refusal.code]?.add()
  }
}
