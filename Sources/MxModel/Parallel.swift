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
  let work = ParallelWork(count: count, body: body)
  var threads: [pthread_t] = []
  for worker in 1..<workers {
    if let thread = work.start(worker) { threads.append(thread) }
  }
  work.run(worker: 0)
  for thread in threads { pthread_join(thread, nil) }
  if let failure = work.firstFailure() { throw failure }
}

private final class ParallelWork: Sendable {
  private let body: @Sendable (Int, Int) throws -> Void
  private let count: Int
  private let next = Atomic<Int>(0)
  private let failure = Mutex<(item: Int, error: any Error)?>(nil)

  init(count: Int, body: @escaping @Sendable (Int, Int) throws -> Void) {
    self.count = count
    self.body = body
  }

  func run(worker: Int) {
    while true {
      let item = next.add(1, ordering: .relaxed).oldValue
      if item >= count { return }
      do {
        try body(item, worker)
      } catch {
        failure.withLock { if $0.map({ item < $0.item }) ?? true { $0 = (item, error) } }
        // Lower items may still fail and must win: let them finish, start no more.
        next.store(count, ordering: .relaxed)
        return
      }
    }
  }

  func firstFailure() -> (any Error)? { failure.withLock { $0?.error } }

  /// A thread that runs as `worker`; nil if the system has none to give, and
  /// then the others do its work.
  func start(_ worker: Int) -> pthread_t? {
    let box = Unmanaged.passRetained(WorkerStart(work: self, worker: worker))
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
        start.work.run(worker: start.worker)
        return nil
      }, box.toOpaque())
    if result == 0 { return thread }
    box.release()
    return nil
  }
}

private final class WorkerStart {
  let work: ParallelWork
  let worker: Int

  init(work: ParallelWork, worker: Int) {
    self.work = work
    self.worker = worker
  }
}
