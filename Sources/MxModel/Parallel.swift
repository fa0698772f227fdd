import Glibc
import Synchronization

/// Runs `body(0) … body(count - 1)`, spread over up to `workers` threads.
///
/// `body` gets the number of the item and of its worker (for per-worker
/// scratch). Items are taken in order; if some throw, the error of the lowest
/// item is thrown, whichever thread met it first, so that the outcome does not
/// depend on the number of threads. With one worker nothing is started.
package func parallelFor(
  count: Int, workers: Int, _ body: @escaping @Sendable (_ item: Int, _ worker: Int) throws -> Void
) throws {
  if count == 0 { return }
  let workers = max(1, min(workers, count))
  if workers == 1 {
    for item in 0..<count { try body(item, 0) }
    return
  }
  try ParallelWork(CommonItems(count), body).run(workers: workers)
}

/// The same for items of which neighbours have much in common: worker i does those of
/// `shares[i]`, from first to last, and then takes the last of whoever has most left.
/// `shares` follow each other.
package func parallelFor(
  shares: [Range<Int>], _ body: @escaping @Sendable (_ item: Int, _ worker: Int) throws -> Void
) throws {
  if shares.count == 1 {
    for item in shares[0] { try body(item, 0) }
    return
  }
  try ParallelWork(SharedItems(shares), body).run(workers: shares.count)
}

/// What is left to do.
private protocol ItemQueue: Sendable {
  func next(of worker: Int) -> Int?
  /// Lower items may still fail and must win: let them be done, start no higher ones.
  func stop(at item: Int)
}

private final class CommonItems: ItemQueue {
  private let count: Int
  private let first = Atomic<Int>(0)

  init(_ count: Int) { self.count = count }

  func next(of worker: Int) -> Int? {
    let item = first.add(1, ordering: .relaxed).oldValue
    return item < count ? item : nil
  }

  /// All lower ones are begun.
  func stop(at item: Int) { first.store(count, ordering: .relaxed) }
}

private final class SharedItems: ItemQueue {
  private let left: Mutex<[Range<Int>]>

  init(_ shares: [Range<Int>]) { left = Mutex(shares) }

  func next(of worker: Int) -> Int? {
    left.withLock { left in
      if let own = left[worker].first {
        left[worker].removeFirst()
        return own
      }
      guard let most = left.indices.max(by: { left[$0].count < left[$1].count }),
        let item = left[most].last
      else { return nil }
      left[most].removeLast()
      return item
    }
  }

  func stop(at item: Int) {
    left.withLock { left in
      for share in left.indices {
        left[share] = left[share].clamped(to: min(left[share].lowerBound, item)..<item)
      }
    }
  }
}

private final class ParallelWork: Sendable {
  private let body: @Sendable (Int, Int) throws -> Void
  private let items: any ItemQueue
  private let failure = Mutex<(item: Int, error: any Error)?>(nil)

  init(_ items: any ItemQueue, _ body: @escaping @Sendable (Int, Int) throws -> Void) {
    self.items = items
    self.body = body
  }

  func run(workers: Int) throws {
    var threads: [pthread_t] = []
    let allowed = Processors.allowed
    let others = allowed?.others
    for worker in 1..<workers {
      let start = WorkerStart(work: self, worker: worker, place: others, allowed: allowed)
      if let thread = start.thread() { threads.append(thread) }
    }
    run(worker: 0)
    for thread in threads { pthread_join(thread, nil) }
    if let failure = firstFailure() { throw failure }
  }

  func run(worker: Int) {
    while let item = items.next(of: worker) {
      do {
        try body(item, worker)
      } catch {
        failure.withLock { if $0.map({ item < $0.item }) ?? true { $0 = (item, error) } }
        items.stop(at: item)
      }
    }
  }

  func firstFailure() -> (any Error)? { failure.withLock { $0?.error } }
}

/// What a thread needs to begin.
private final class WorkerStart {
  private let work: ParallelWork
  private let worker: Int
  /// Where it is started, and where it may run then.
  private let place: Processors?
  private let allowed: Processors?

  init(work: ParallelWork, worker: Int, place: Processors?, allowed: Processors?) {
    self.work = work
    self.worker = worker
    self.place = place
    self.allowed = allowed
  }

  /// Runs as `worker`; nil if the system has no thread to give, and then the others do its
  /// work.
  func thread() -> pthread_t? {
    guard let place else { return thread(nil) }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    place.note(in: &attributes)
    // A sandbox may forbid to choose.
    return thread(&attributes) ?? thread(nil)
  }

  private func thread(_ attributes: UnsafePointer<pthread_attr_t>?) -> pthread_t? {
    let box = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, attributes,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.allowed?.take()
        start.work.run(worker: start.worker)
        return nil
      }, box.toOpaque())
    if result == 0 { return thread }
    box.release()
    return nil
  }
}
