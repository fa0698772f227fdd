import CCurl
import Glibc
import MxNet

/// The network helper: reads requests from its standard input, does them all,
/// and writes each answer to its standard output as soon as it has it.
///
/// Started by the mx tools, which know the protocol (`Wire`); it writes no file,
/// keeps nothing, and ends when everything is answered, when the time is up, or
/// when nobody listens any more.
enum Helper {
  /// In flight at a time; the rest waits its turn. More than anybody's dead hosts,
  /// each of which holds a place until its time is up; fewer than descriptors.
  private static let mostAtOnce = 256

  static func run() -> Int32 {
    if isatty(0) == 1 {
      complain("started by the mx tools, reads requests from them and has no use by hand")
      return 2
    }
    // A write to a tool that is gone is an error here, and the end.
    signal(SIGPIPE, SIG_IGN)
    guard curl_global_init(3) == CURLE_OK, let multi = curl_multi_init() else {
      complain("libcurl does not start")
      return 5
    }
    defer {
      curl_multi_cleanup(multi)
      curl_global_cleanup()
    }
    do {
      guard let work = try readWork() else { return 0 }
      try answer(work, multi)
      return 0
    } catch {
      complain("\(error)")
      return 3
    }
  }

  private static func complain(_ message: String) {
    let line = Array("mx-net: error: \(message)\n".utf8)
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }

  // MARK: - In

  private struct Work {
    var requests: [(id: UInt32, request: NetRequest)] = []
    var deadline: Int64 = 0
  }

  /// Everything up to `go`; nil where the tool went away before it said that.
  private static func readWork() throws -> Work? {
    var work = Work()
    var buffer = FrameBuffer()
    var scratch = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let count = read(0, &scratch, scratch.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return nil }
      total += count
      guard total <= 2 * Wire.largestFrame else {
        throw WireError.tooLong(size: total, limit: 2 * Wire.largestFrame)
      }
      scratch.withUnsafeBytes { buffer.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      while let frame = try buffer.next() {
        if frame.kind == Wire.Kind.go {
          work.deadline = now() + Int64(try WireMessages.go(frame))
          return work
        }
        guard work.requests.count < Wire.mostRequests else {
          throw WireError.tooLong(size: work.requests.count + 1, limit: Wire.mostRequests)
        }
        work.requests.append(try WireMessages.request(frame))
      }
    }
  }

  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  // MARK: - Work

  private static func answer(_ work: Work, _ multi: UnsafeMutableRawPointer) throws {
    // The next to be sent is the last.
    var waiting = work.requests.enumerated().sorted {
      ($0.element.request.delay, $0.offset) > ($1.element.request.delay, $1.offset)
    }.map(\.element)
    let begin = now()
    var running: [UnsafeMutableRawPointer: Transfer] = [:]
    defer { for transfer in running.values { curl_multi_remove_handle(multi, transfer.curl) } }
    while true {
      var pause: Int64?
      while running.count < mostAtOnce, let next = waiting.last {
        let left = begin + Int64(next.request.delay) - now()
        if left > 0, now() < work.deadline {
          pause = left
          break
        }
        waiting.removeLast()
        try start(next.id, next.request, work.deadline, multi, &running)
      }
      if running.isEmpty, waiting.isEmpty { return }
      var active: Int32 = 0
      guard curl_multi_perform(multi, &active) == CURLM_OK else { throw Stop.multi }
      try finishDone(work.deadline, multi, &running)
      if running.isEmpty, pause == nil { continue }
      guard curl_multi_poll(multi, nil, 0, Int32(min(pause ?? 1000, 1000)), nil) == CURLM_OK
      else {
        throw Stop.multi
      }
      if !toolListens() { return }
    }
  }

  private static func start(
    _ id: UInt32, _ request: NetRequest, _ deadline: Int64, _ multi: UnsafeMutableRawPointer,
    _ running: inout [UnsafeMutableRawPointer: Transfer]
  ) throws {
    let left = deadline - now()
    guard left > 0 else {
      return try send(
        NetResponse(failure: .deadline, message: "the time for all requests was up"), id)
    }
    let transfer = Transfer(id: id)
    if let problem = transfer.prepare(request, milliseconds: Int(left)) {
      return try send(NetResponse(failure: .badRequest, message: problem), id)
    }
    guard curl_multi_add_handle(multi, transfer.curl) == CURLM_OK else { throw Stop.multi }
    running[transfer.curl] = transfer
  }

  private static func finishDone(
    _ deadline: Int64, _ multi: UnsafeMutableRawPointer,
    _ running: inout [UnsafeMutableRawPointer: Transfer]
  ) throws {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let curl = message.pointee.easy_handle,
        let transfer = running.removeValue(forKey: curl)
      else { continue }
      // The message is not valid any more once the handle is removed.
      let code = message.pointee.data.result
      curl_multi_remove_handle(multi, curl)
      try send(transfer.response(code, isLate: now() >= deadline), transfer.id)
    }
  }

  private enum Stop: Error, CustomStringConvertible {
    case multi, nobodyListens

    var description: String {
      switch self {
      case .multi: "libcurl failed"
      case .nobodyListens: "nobody reads the answers"
      }
    }
  }

  // MARK: - Out

  private static func send(_ response: NetResponse, _ id: UInt32) throws {
    let frame = try WireMessages.encode(response, id: id)
    var sent = 0
    while sent < frame.count {
      let count = frame.withUnsafeBytes { raw in
        write(1, raw.baseAddress.map { $0 + sent }, raw.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw Stop.nobodyListens }
      sent += count
    }
  }

  /// Whether the other end is still open: the work of a tool that was killed ends
  /// within a second.
  private static func toolListens() -> Bool {
    var poller = pollfd(fd: 1, events: 0, revents: 0)
    guard poll(&poller, 1, 0) > 0 else { return true }
    return poller.revents & Int16(POLLHUP | POLLERR) == 0
  }
}

extension NetRequest {
  /// Milliseconds to wait before it is sent.
  fileprivate var delay: UInt32 {
    switch self {
    case .http(let request): request.delay
    case .mail: 0
    }
  }
}
