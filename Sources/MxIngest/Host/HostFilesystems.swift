import MxFiles

/// What is mounted, and how full it is.
enum HostFilesystems {
  private struct Mount {
    var device: String
    var point: String
    var type: String
    var isReadOnly: Bool

    var labels: HostPage.Labels {
      [("device", device), ("fstype", type), ("mountpoint", point)]
    }
  }

  static func filesystem(_ root: HostRoot, _ page: inout HostPage) -> Bool {
    let lines = root.lines("\(root.proc)/1/mounts") ?? root.lines("\(root.proc)/mounts")
    guard let lines else { return false }
    var seen: Set<String> = []
    let mounts = lines.compactMap { mount($0) }.filter { seen.insert("\($0)").inserted }
    let found = mounts.map { mount in
      (mount: mount, space: isRemote(mount.type) ? nil : root.space(mount.point))
    }
    let families: [(String, String, (MountSpace) -> Double)] = [
      ("avail_bytes", "Bytes that ordinary users may write.", { Double($0.available) }),
      ("files", "Inodes.", { Double($0.files) }),
      ("files_free", "Free inodes.", { Double($0.freeFiles) }),
      ("free_bytes", "Free bytes.", { Double($0.free) }),
      ("size_bytes", "Bytes of the file system.", { Double($0.size) }),
    ]
    for (name, help, value) in families {
      page.family("node_filesystem_\(name)", "gauge", help)
      for case (let mount, let space?) in found { page.add(value(space), mount.labels) }
    }
    page.family(
      "node_filesystem_device_error", "gauge", "Whether the file system cannot be asked.")
    for (mount, space) in found { page.add(space == nil ? 1 : 0, mount.labels) }
    page.family("node_filesystem_readonly", "gauge", "Whether it is mounted read-only.")
    for (mount, space) in found where space != nil {
      page.add(mount.isReadOnly || space?.isReadOnly ?? false ? 1 : 0, mount.labels)
    }
    return true
  }

  private static func mount(_ line: Substring) -> Mount? {
    let words = line.words
    guard words.count >= 4 else { return nil }
    let mount = Mount(
      device: plain(words[0]), point: plain(words[1]), type: String(words[2]),
      isReadOnly: words[3].split(separator: ",").contains("ro"))
    return hiddenTypes.contains(mount.type) || isHidden(mount.point) ? nil : mount
  }

  /// `\040` is a blank in these files.
  private static func plain(_ word: Substring) -> String {
    var out: [UInt8] = []
    var bytes = Array(word.utf8)[...]
    while let byte = bytes.popFirst() {
      let digits = bytes.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        digits.allSatisfy({ (0x30...0x37).contains($0) })
      {
        out.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
        bytes = bytes.dropFirst(3)
      } else {
        out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// node_exporter's defaults.
  private static let hiddenTypes: Set<String> = [
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts",
    "devtmpfs", "fusectl", "hugetlbfs", "iso9660", "mqueue", "nsfs", "overlay", "proc", "procfs",
    "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tracefs",
  ]

  private static func isHidden(_ point: String) -> Bool {
    for root in ["/dev", "/proc", "/sys"] where point == root || point.hasPrefix(root + "/") {
      return true
    }
    for root in [
      "/run/credentials/", "/var/lib/docker/", "/var/lib/containers/storage/",
    ] where point.hasPrefix(root) && point.count > root.count {
      return true
    }
    return false
  }

  /// A server that is gone would hold the run for ever: these are not asked.
  private static func isRemote(_ type: String) -> Bool {
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "9p", "lustre"]
      .contains(type) || type.hasPrefix("fuse.sshfs")
  }
}
