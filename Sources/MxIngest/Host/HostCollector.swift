/// This machine under node_exporter's metric names, types and labels, from /proc
/// and /sys.
///
/// A collector is a function that adds families to a page; one that finds nothing
/// it knows says false, which becomes `node_scrape_collector_success` 0.
package enum HostCollector {
  private typealias Collector = (name: String, collect: (HostRoot, inout HostPage) -> Bool)

  private static var all: [Collector] {
    [
      ("arp", HostNetwork.arp), ("conntrack", HostNetwork.conntrack),
      ("cpu", HostProcessors.cpu), ("diskstats", HostDisks.diskstats),
      ("entropy", HostKernel.entropy), ("filefd", HostKernel.filefd),
      ("filesystem", HostFilesystems.filesystem), ("hwmon", HostSensors.hwmon),
      ("loadavg", HostProcessors.loadavg), ("meminfo", HostMemory.meminfo),
      ("netclass", HostNetwork.netclass), ("netdev", HostNetwork.netdev),
      ("netstat", HostNetwork.netstat), ("os", HostKernel.os),
      ("pressure", HostProcessors.pressure), ("processes", HostProcesses.processes),
      ("sockstat", HostNetwork.sockstat), ("stat", HostProcessors.stat),
      ("thermal_zone", HostSensors.thermal), ("time", HostKernel.time),
      ("uname", HostKernel.uname), ("vmstat", HostMemory.vmstat),
    ]
  }

  /// The page of the machine behind `root`.
  package static func page(_ root: HostRoot) -> [UInt8] {
    var page = HostPage()
    var outcomes: [(name: String, isGood: Bool)] = []
    for (name, collect) in all { outcomes.append((name, collect(root, &page))) }
    page.family(
      "node_scrape_collector_success", "gauge", "Whether a collector found what it looks for.")
    for outcome in outcomes { page.add(outcome.isGood ? 1 : 0, [("collector", outcome.name)]) }
    return page.text
  }
}
