import Glibc
package import MxFiles

/// One kind of call that a `SimulatedFileSystem` counts and can refuse.
package enum DiskOperation: String, CaseIterable, Sendable {
  case open, create, rename, link, remove, makeDirectory, removeDirectory, syncDirectory
  case list, status, freeSpace, lock, read, write, sync, close

  /// Whether the call changes what is on the disk or makes it durable.
  package var isChange: Bool {
    switch self {
    case .open, .list, .status, .freeSpace, .lock, .read, .close: false
    default: true
    }
  }
}

package struct DiskCall: Hashable, Sendable {
  package var operation: DiskOperation
  package var path: String
}

/// A call that is to fail.
package struct DiskFault: Sendable {
  /// Which call fails, counted from 1 when the fault is set.
  package var number: Int
  /// errno: EIO, ENOSPC, EACCES…
  package var code: Int32
  /// Every call from that one on fails, not it alone.
  package var isLasting = false
  /// Only these calls are counted and fail; nil: all.
  package var only: Set<DiskOperation>?
  /// The call does its work and says that it failed, as a lost answer of a network disk would.
  package var isLate = false
  /// What part of its bytes a failing write leaves in the file, 0…1.
  package var written = 0.5

  package init(at number: Int, _ code: Int32, lasting: Bool = false) {
    self.number = number
    self.code = code
    self.isLasting = lasting
  }
}

/// Counts calls and decides which of them fail.
struct FaultCounter {
  private(set) var log: [DiskCall] = []
  private(set) var counts: [DiskOperation: Int] = [:]
  private(set) var hasHappened = false
  private(set) var isDead = false
  private var fault: DiskFault?
  private var killNumber: Int?
  private var sinceFault = 0
  private var sinceKill = 0

  mutating func set(_ fault: DiskFault?) {
    self.fault = fault
    sinceFault = 0
    hasHappened = false
  }

  mutating func setKill(at number: Int) {
    killNumber = number
    sinceKill = 0
    hasHappened = false
  }

  mutating func die() { isDead = true }

  /// Counts a call and throws where it must not happen; returns the fault that
  /// is to be thrown after the call did its work (all or, for a write, a part).
  mutating func begin(_ operation: DiskOperation, _ path: String) throws(FileError) -> DiskFault? {
    if isDead { throw .failed(operation: Self.killed, path: path, code: 0) }
    log.append(DiskCall(operation: operation, path: path))
    counts[operation, default: 0] += 1
    if let killNumber {
      sinceKill += 1
      if sinceKill >= killNumber {
        hasHappened = true
        isDead = true
        throw .failed(operation: Self.killed, path: path, code: 0)
      }
    }
    guard let fault, fault.only?.contains(operation) ?? true else { return nil }
    sinceFault += 1
    guard sinceFault == fault.number || (fault.isLasting && sinceFault > fault.number) else {
      return nil
    }
    hasHappened = true
    if fault.isLate || operation == .write { return fault }
    throw FileError(fault.code, operation.rawValue, path)
  }

  static let killed = "killed"
}

extension FileError {
  /// Whether a simulated process died: nothing that it does afterwards happens.
  package var isKill: Bool {
    if case .failed(FaultCounter.killed, _, _) = self { true } else { false }
  }
}
