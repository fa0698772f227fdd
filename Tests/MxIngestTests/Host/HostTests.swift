import MxFiles
import MxFormats
import MxModel
import MxTestSupport
import Testing

@testable import MxIngest

/// A machine that lies in a directory of a disk in memory.
@Suite struct HostTests {
  private static let machine: [String: String] = [
    "proc/stat": """
    cpu  500 10 300 9000 20 1 2 3 40 5
    cpu0 300 10 200 5000 20 1 2 3 40 5
    cpu1 200 0 100 4000 0 0 0 0 0 0
    intr 12345 1 2 3
    ctxt 777
    btime 1700000000
    processes 4242
    procs_running 2
    procs_blocked 1
    softirq 1 2 3
    """,
    "proc/loadavg": "0.50 1.25 2.00 3/456 7890\n",
    "proc/meminfo": """
    MemTotal:       16384 kB
    Active(anon):     512 kB
    HugePages_Total:    3
    """,
    "proc/vmstat": "nr_free_pages 5\npgpgin 10\npgmajfault 7\noom_kill 0\npgsteal_kswapd 1\n",
    "proc/diskstats": """
       8       0 sda 10 2 100 3000 20 4 200 5000 1 6000 8000 5 0 50 500 7 70
       8       1 sda1 1 1 1 1 1 1 1 1 1 1 1
     259       0 nvme0n1 1 0 8 4 0 0 0 0 0 2 4
     259       1 nvme0n1p1 1 0 8 4 0 0 0 0 0 2 4
       7       0 loop0 1 0 8 4 0 0 0 0 0 2 4
    """,
    "sys/block/sda/device/model": "Big   Disk  \n",
    "proc/1/mounts": """
    /dev/sda1 / ext4 rw,relatime 0 0
    /dev/sdb1 /mnt/my\\040disk xfs ro 0 0
    proc /proc proc rw 0 0
    tmpfs /run tmpfs rw 0 0
    server:/x /srv nfs4 rw 0 0
    /dev/sda1 /var/lib/docker/x ext4 rw 0 0
    """,
    "proc/net/dev": """
    Inter-|   Receive                                                |  Transmit
     face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
      eth0:1000 10 1 2 0 0 0 3 2000 20 0 0 0 0 0 0
        lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
    """,
    "proc/net/netstat": "TcpExt: SyncookiesSent ListenDrops Other\nTcpExt: 1 2 3\n",
    "proc/net/sockstat": "sockets: used 100\nTCP: inuse 4 orphan 0 mem 2\n",
    "proc/sys/fs/file-nr": "1024\t0\t65536\n",
    "proc/sys/kernel/random/entropy_avail": "256\n",
    "proc/pressure/cpu": "some avg10=0.00 total=1500000\nfull avg10=0.00 total=9\n",
    "proc/pressure/io": "some avg10=0.00 total=1\nfull avg10=0.00 total=2000000\n",
    "proc/17/stat": "17 (a) b) S 1 17 17 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 1 1 1\n",
    "proc/18/stat": "18 (x) R 1 17 17 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1\n",
    "sys/class/hwmon/hwmon0/name": "coretemp\n",
    "sys/class/hwmon/hwmon0/temp1_input": "41500\n",
    "sys/class/hwmon/hwmon0/temp1_crit": "100000\n",
    "sys/class/hwmon/hwmon0/temp1_label": "Package id 0\n",
    "sys/class/thermal/thermal_zone0/temp": "38000\n",
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/net/eth0/ifindex": "2\n", "sys/class/net/eth0/operstate": "up\n",
    "sys/class/net/eth0/flags": "0x1003\n", "sys/class/net/eth0/speed": "1000\n",
    "etc/os-release": "ID=debian\nVERSION_ID=\"12\"\nNAME=\"Debian GNU/Linux\"\n",
  ]

  private func page(_ machine: [String: String] = HostTests.machine) throws -> [String] {
    let files = SimulatedFileSystem()
    for (path, text) in machine {
      try files.makeDirectory(FilePath.parent(of: "/m/\(path)"))
      try files.writeNew("/m/\(path)", Array(text.utf8))
    }
    var root = HostRoot(
      files: files, now: 1_700_000_100.5,
      system: HostSystem(
        name: "Linux", node: "box", release: "6.1", version: "v1", machine: "x86_64",
        domain: "(none)"),
      space: { point in
        point == "/run"
          ? nil
          : MountSpace(
            size: 1000, free: 300, available: 200, files: 50, freeFiles: 40, isReadOnly: false)
      }, resolve: { $0.hasSuffix("hwmon0/device") ? "/sys/devices/platform/coretemp.0" : nil })
    root.proc = "/m/proc"
    root.sys = "/m/sys"
    root.release = "/m/etc/os-release"
    let text = String(decoding: HostCollector.page(root), as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    #"node_cpu_seconds_total{cpu="0",mode="user"} 3.0"#,
    #"node_cpu_seconds_total{cpu="1",mode="idle"} 40.0"#,
    #"node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.05"#,
    "node_boot_time_seconds 1.7e+09", "node_context_switches_total 777.0",
    "node_forks_total 4242.0", "node_intr_total 12345.0", "node_procs_running 2.0",
    "node_load5 1.25", "node_memory_MemTotal_bytes 1.6777216e+07",
    "node_memory_Active_anon_bytes 524288.0", "node_memory_HugePages_Total 3.0",
    "node_vmstat_pgmajfault 7.0", "node_vmstat_pgpgin 10.0", "node_vmstat_oom_kill 0.0",
    #"node_disk_info{device="sda",major="8",minor="0",model="Big Disk"} 1.0"#,
    #"node_disk_read_bytes_total{device="sda"} 51200.0"#,
    #"node_disk_read_time_seconds_total{device="sda"} 3.0"#,
    #"node_disk_flush_requests_total{device="sda"} 7.0"#,
    #"node_disk_io_now{device="nvme0n1"} 0.0"#,
    #"node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 200.0"#,
    #"node_filesystem_readonly{device="/dev/sdb1",fstype="xfs",mountpoint="/mnt/my disk"} 1.0"#,
    #"node_filesystem_device_error{device="tmpfs",fstype="tmpfs",mountpoint="/run"} 1.0"#,
    // A server that is gone must not hold the run: it is not asked.
    #"node_filesystem_device_error{device="server:/x",fstype="nfs4",mountpoint="/srv"} 1.0"#,
    #"node_network_receive_bytes_total{device="eth0"} 1000.0"#,
    #"node_network_receive_multicast_total{device="eth0"} 3.0"#,
    #"node_network_transmit_packets_total{device="lo"} 1.0"#,
    #"node_network_up{device="eth0"} 1.0"#, #"node_network_flags{device="eth0"} 4099.0"#,
    #"node_network_speed_bytes{device="eth0"} 1.25e+08"#,
    "node_netstat_TcpExt_ListenDrops 2.0", "node_sockstat_TCP_inuse 4.0",
    "node_sockstat_TCP_mem_bytes 8192.0",
    "node_filefd_allocated 1024.0", "node_filefd_maximum 65536.0",
    "node_entropy_available_bits 256.0", "node_pressure_cpu_waiting_seconds_total 1.5",
    "node_pressure_io_stalled_seconds_total 2.0", "node_processes_pids 2.0",
    #"node_processes_state{state="S"} 1.0"#, "node_processes_threads 4.0",
    #"node_hwmon_temp_celsius{chip="platform_coretemp_0",sensor="temp1"} 41.5"#,
    #"node_hwmon_temp_crit_celsius{chip="platform_coretemp_0",sensor="temp1"} 100.0"#,
    #"node_hwmon_sensor_label{chip="platform_coretemp_0",label="Package id 0",sensor="temp1"} 1.0"#,
    #"node_thermal_zone_temp{type="acpitz",zone="0"} 38.0"#,
    #"node_uname_info{domainname="(none)",machine="x86_64",nodename="box",release="6.1",sysname="Linux",version="v1"} 1.0"#,
    "node_time_seconds 1.7000001005e+09",
    #"node_os_version{id="debian",name="Debian GNU/Linux"} 12.0"#,
    #"node_scrape_collector_success{collector="cpu"} 1.0"#,
  ])
  func theMachineIsToldAsNodeExporterWould(line: String) throws {
    #expect(try page().contains(line))
  }

  @Test func whatNodeExporterLeavesOutIsLeftOut() throws {
    let text = try page().joined(separator: "\n")
    for word in [
      "sda1\"}", "nvme0n1p1", "loop0", "fstype=\"proc\"", "docker", "pgsteal", "nr_free_pages",
      "node_pressure_cpu_stalled", "TcpExt_Other",
    ] { #expect(!text.contains(word), "\(word)") }
  }

  @Test func aMachineWithoutAnythingIsAPageAllTheSame() throws {
    let lines = try page([:])
    #expect(lines.contains(#"node_scrape_collector_success{collector="cpu"} 0.0"#))
    #expect(lines.contains { $0.hasPrefix("node_uname_info{") })
  }

  /// All of it is one valid page: it comes in the way scrapes do.
  @Test func thePageIsValidText() throws {
    let round = ScrapeRound()
    let text = try page().joined(separator: "\n") + "\n"
    let result = round.take(
      ScrapeAnswer(body: Array(text.utf8), format: .prometheus, time: 1, seconds: 0),
      of: ScrapeTarget(job: 0, labels: .empty, url: "", interval: nil, timeout: 1, key: 1),
      ScrapeJob(name: "node"), trace: SeriesTrace(), previous: { [] })
    #expect(result.problems == [])
    #expect(result.isUp)
    #expect(result.added == result.scraped)
  }

  @Test(arguments: [
    ("sda", false), ("sda1", true), ("xvdb12", true), ("nvme0n1", false), ("nvme10n2p3", true),
    ("dm-0", false), ("ram0", true), ("zram1", true), ("md127", false), ("mmcblk0", false),
    ("fd0", true), ("vda", false), ("vda2", true),
  ])
  func partitionsAndMemoryDisksAreNoDisks(name: String, isLeftOut: Bool) {
    #expect(HostDisks.isLeftOut(name[...]) == isLeftOut)
  }
}
