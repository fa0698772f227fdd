private import CLinux

/// Memory that a process has freed, and whether the system gets it back.
package enum ProcessMemory {
  private static let most: Int32 = 32 << 20

  /// What one large thing took serves the next: given back and asked for anew each time,
  /// every page of it is zeroed and mapped again.
  package static func keepFreed() {
    mallopt(M_MMAP_THRESHOLD, most)
    mallopt(M_TRIM_THRESHOLD, most)
  }
}
